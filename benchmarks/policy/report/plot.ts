import { SHIPPED } from '../policies/catalogue.ts';
import { HINDSIGHT, ORACLE, type TaskResult } from '../run-task.ts';
import type { Scenario } from '../scenarios/types.ts';
import { SIZES_PER_MINUTE } from '../series.ts';

const WIDTH = 960;
const LEFT = 64;
const RIGHT = 170;
const TOP = 44;
const PANEL = 170;
const GAP = 46;
const COLOURS = ['#e07b39', '#b23a48', '#7a5195', '#2a9d8f', '#9e9e9e', '#c9a227', '#6b8e23', '#d16ba5'];

/** A value at a minute; absent values break the line. */
type Line = readonly (readonly [minute: number, value: number | undefined])[];

interface Panel {
  readonly title: string;
  readonly lines: readonly { readonly points: Line; readonly style: string }[];
  readonly ticks: readonly number[];
  readonly logarithmic: boolean;
  /** A line across, where a target stands. */
  readonly mark?: number;
}

/** One run of each policy over time: load, engines ordered, time to the first token. A whole SVG document. */
export function plot(
  scenario: Scenario,
  { runs, loadPerMinute }: Pick<TaskResult, 'runs' | 'loadPerMinute'>,
): string {
  const minutes = scenario.durationMs / 60_000;
  const styles = new Map(runs.map(({ policy }, index) => [policy, styleOf(policy, index)]));
  const linesOf = (pick: (run: (typeof runs)[number]) => Line): Panel['lines'] =>
    // Ours and the oracle's are drawn last, over the others.
    runs
      .toSorted((a, b) => Number(isOurs(a.policy)) - Number(isOurs(b.policy)))
      .map((run) => ({ points: pick(run), style: styles.get(run.policy) ?? '' }));
  const load = loadPerMinute.map((rate, minute): Line[number] => [minute + 0.5, rate]);
  const most = Math.max(1, ...loadPerMinute);
  const panels: readonly Panel[] = [
    {
      title: 'load, requests/s',
      lines: [{ points: load, style: 'stroke="#333" stroke-width="1.5"' }],
      ticks: [0, most / 2, most],
      logarithmic: false,
    },
    {
      title: 'engines ordered',
      lines: linesOf(
        ({ series }) =>
          series?.sizes.map((size, index): Line[number] => [(index + 1) / SIZES_PER_MINUTE, size]) ?? [],
      ),
      ticks: [1, 2, 5, 10, 20, 50, 100],
      logarithmic: true,
    },
    {
      title: 'TTFT p95 of a minute, ms',
      lines: linesOf(
        ({ series }) => series?.ttftP95.map((value, minute): Line[number] => [minute + 0.5, value]) ?? [],
      ),
      ticks: [30, 100, 300, 1000, 3000, 10_000, 30_000],
      logarithmic: true,
      mark: scenario.targets.ttftMs,
    },
  ];
  const height = TOP + panels.length * (PANEL + GAP);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" fill="#333">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${LEFT}" y="20" font-size="14">${escape(scenario.title)}</text>`,
    ...panels.flatMap((panel, index) => draw(panel, TOP + index * (PANEL + GAP), minutes)),
    ...legend([...styles]),
    '</svg>',
    '',
  ].join('\n');
}

function draw(panel: Panel, top: number, minutes: number): readonly string[] {
  const right = WIDTH - RIGHT;
  const x = (minute: number): number => LEFT + ((right - LEFT) * minute) / minutes;
  const y = heightIn(panel, top);
  const grid = panel.ticks.flatMap((tick) => [
    `<line x1="${LEFT}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#e4e4e4"/>`,
    `<text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${Number(tick.toFixed(1))}</text>`,
  ]);
  const step = minutes > 70 ? 20 : 10;
  const times = Array.from({ length: Math.floor(minutes / step) + 1 }, (_, index) => index * step);
  const axis = times.map(
    (minute) =>
      `<text x="${x(minute)}" y="${top + PANEL + 15}" text-anchor="middle">${minute}${minute === 0 ? ' min' : ''}</text>`,
  );
  const mark =
    panel.mark === undefined
      ? []
      : [
          `<line x1="${LEFT}" x2="${right}" y1="${y(panel.mark)}" y2="${y(panel.mark)}" stroke="#c00" stroke-dasharray="2 3"/>`,
        ];
  const lines = panel.lines.map(
    ({ points, style }) => `<path fill="none" ${style} d="${pathOf(points, x, y)}"/>`,
  );
  return [`<text x="${LEFT}" y="${top - 6}">${panel.title}</text>`, ...grid, ...axis, ...mark, ...lines];
}

function heightIn({ ticks, logarithmic }: Panel, top: number): (value: number) => number {
  const scale = (value: number): number => (logarithmic ? Math.log(value) : value);
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  return (value) => {
    const inside = Math.min(high, Math.max(low, value));
    const share = (scale(inside) - scale(low)) / (scale(high) - scale(low));
    return round(top + PANEL * (1 - share));
  };
}

function pathOf(points: Line, x: (minute: number) => number, y: (value: number) => number): string {
  let pen = 'M';
  return points
    .flatMap(([minute, value]) => {
      if (value === undefined) {
        pen = 'M';
        return [];
      }
      const command = `${pen}${round(x(minute))} ${y(value)}`;
      pen = 'L';
      return [command];
    })
    .join('');
}

function legend(styles: readonly (readonly [policy: string, style: string])[]): readonly string[] {
  const left = WIDTH - RIGHT + 16;
  return styles.flatMap(([policy, style], index) => {
    const y = TOP + PANEL + GAP + 12 + index * 18;
    return [
      `<line x1="${left}" x2="${left + 24}" y1="${y}" y2="${y}" ${style}/>`,
      `<text x="${left + 30}" y="${y + 4}">${escape(policy)}</text>`,
    ];
  });
}

function isOurs(policy: string): boolean {
  return policy === SHIPPED.name || policy === ORACLE;
}

function styleOf(policy: string, index: number): string {
  if (policy === SHIPPED.name) return 'stroke="#1565c0" stroke-width="2.6"';
  if (policy === HINDSIGHT) return 'stroke="#777" stroke-width="1.2" stroke-dasharray="2 3"';
  if (policy === ORACLE) return 'stroke="#111" stroke-width="1.6" stroke-dasharray="5 3"';
  return `stroke="${COLOURS[(index - 1) % COLOURS.length] ?? '#888'}" stroke-width="1"`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
