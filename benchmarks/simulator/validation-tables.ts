import type { Agreement } from './agreement.ts';
import type { MeasuredPoint } from './measured-points.ts';

/** A model's deviation from what is real, in percent with its sign. */
export function deviation({ real, model }: Agreement): string {
  const percent = 100 * (model / real - 1);
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

/** Three significant digits are what such figures carry. */
export function significant(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}

export function agreementRows(figures: readonly Agreement[]): readonly (readonly string[])[] {
  return figures.map((one) => [one.name, significant(one.real), significant(one.model), deviation(one)]);
}

export function measuredRows(points: readonly MeasuredPoint[]): readonly (readonly string[])[] {
  return points.map((one) => [
    one.name,
    significant(one.real),
    significant(one.model),
    deviation(one),
    `±${(100 * one.tolerance).toFixed(0)} %`,
  ]);
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(header),
    line(header.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n');
}
