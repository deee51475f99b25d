import { figure, table } from '../support/table.ts';
import { createDice } from './dice.ts';
import { shareInterval } from './intervals.ts';
import { LEAK_CASES, type LeakCase } from './leak-cases.ts';
import { OURS, runEngine } from './run-engine.ts';

/** How one detector did on one case. */
export interface Detection {
  readonly detector: string;
  /** Engines whose leak it called before they were full. */
  readonly found: number;
  /** Of those, before half of their time. */
  readonly inTime: number;
  /** When, as shares of the time until the engine was full, ascending: those not found are 1. */
  readonly shares: readonly number[];
}

export interface LeakResult {
  readonly name: string;
  readonly source: string;
  readonly assumed: string;
  readonly engines: number;
  /** Median time until full, in hours. */
  readonly hoursToFull: number;
  readonly detections: readonly Detection[];
  /** What ours said of the first engine. */
  readonly said: string;
}

export function runLeaks(enginesPerCase: number, firstSeed: number): readonly LeakResult[] {
  return LEAK_CASES.map((leak, index) => runLeak(leak, enginesPerCase, firstSeed + index * 10_000));
}

function runLeak(leak: LeakCase, engines: number, firstSeed: number): LeakResult {
  const runs = Array.from({ length: engines }, (_, index) => {
    const dice = createDice(firstSeed + index);
    return runEngine(leak.engine(dice), leak.minutes, dice);
  });
  const whole = runs.filter(({ isFull }) => isFull);
  const detectors = Object.keys(runs[0]?.firedAt ?? {});
  return {
    name: leak.name,
    source: leak.source,
    assumed: leak.assumed,
    engines: whole.length,
    hoursToFull: middle(whole.map(({ minutes }) => minutes / 60)),
    detections: detectors.map((detector) => {
      const shares = whole.map(({ firedAt, minutes }) => (firedAt[detector] ?? minutes) / minutes);
      return {
        detector,
        found: shares.filter((share) => share < 1).length,
        inTime: shares.filter((share) => share < 0.5).length,
        shares: shares.toSorted((a, b) => a - b),
      };
    }),
    said: runs.find(({ verdict }) => verdict !== undefined)?.verdict?.message ?? '',
  };
}

/** Detection rate and time, by case and detector. */
export function leakReport(results: readonly LeakResult[]): readonly string[] {
  const header = [
    'leak',
    'detector',
    'engines',
    'hours to full',
    'found',
    '95 % interval',
    'at share of time, median',
    'latest',
    'before half of it',
    'earlier than ours',
  ];
  const rows = results.flatMap(({ name, engines, hoursToFull, detections }) => {
    const ours = middle(detections.find(({ detector }) => detector === OURS)?.shares ?? []);
    return detections.map(({ detector, found, inTime, shares }, index) => {
      const [low, high] = shareInterval(found, engines);
      return [
        index === 0 ? name : '',
        detector,
        String(engines),
        figure(hoursToFull, 1),
        `${percent(found / engines)}`,
        `${percent(low)} to ${percent(high)}`,
        percent(middle(shares)),
        percent(shares.at(-1) ?? 1),
        `${inTime}/${engines}`,
        `× ${figure(ours / middle(shares), 2)}`,
      ];
    });
  });
  const notes = results.map(
    ({ name, source, assumed, said }) => `${name} (${source}; assumed: ${assumed}). For example: ${said}`,
  );
  return [...table(header, rows), '', ...notes];
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function percent(share: number): string {
  return `${figure(100 * share, 1)} %`;
}
