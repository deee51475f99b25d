/** The fleet at one moment, as its status told it; what it did not tell is absent. */
export interface Sample {
  readonly seconds: number;
  readonly ready: number;
  readonly desired: number;
  readonly waiting: number | undefined;
  /** 0 to 1. */
  readonly kv: number | undefined;
}

/** A change of size, and the signal that asked for it. */
export interface Change {
  readonly seconds: number;
  readonly text: string;
}

interface Panel {
  readonly title: string;
  readonly unit: (value: number) => string;
  readonly lines: readonly { readonly colour: string; readonly label: string; readonly value: Value }[];
  /** Lines that jump from value to value rather than move between them. */
  readonly steps: boolean;
}

type Value = (sample: Sample) => number | undefined;

const WIDTH = 920;
const LEFT = 64;
const RIGHT = 24;
const PANEL_HEIGHT = 120;
const GAP = 46;
const TOP = 96;

const PANELS: readonly Panel[] = [
  {
    title: 'engines',
    unit: String,
    steps: true,
    lines: [
      { colour: '#9aa5b1', label: 'wanted', value: ({ desired }) => desired },
      { colour: '#1a7f37', label: 'ready', value: ({ ready }) => ready },
    ],
  },
  {
    title: 'requests waiting',
    unit: String,
    steps: false,
    lines: [{ colour: '#bc4c00', label: 'waiting', value: ({ waiting }) => waiting }],
  },
  {
    title: 'KV cache in use, mean',
    unit: (value) => `${Math.round(value * 100)} %`,
    steps: false,
    lines: [{ colour: '#0969da', label: 'KV cache', value: ({ kv }) => kv }],
  },
];

/** Draws a run as an SVG: engines, queue and KV cache over time, with every change of size marked by its cause. */
export function drawTimeline(title: string, samples: readonly Sample[], changes: readonly Change[]): string {
  const end = samples.at(-1)?.seconds ?? 1;
  const x = (seconds: number): number => LEFT + (seconds / end) * (WIDTH - LEFT - RIGHT);
  const height = TOP + PANELS.length * (PANEL_HEIGHT + GAP);
  const panels = PANELS.map((panel, index) =>
    drawPanel(panel, TOP + index * (PANEL_HEIGHT + GAP), samples, x),
  );
  const marks = changes.map(({ seconds, text }, index) => {
    const at = x(seconds).toFixed(1);
    // Neighbours stand on two lines, so that their words do not run into each other.
    const above = TOP - 32 - (index % 2) * 12;
    return (
      `<line x1="${at}" x2="${at}" y1="${TOP - 28}" y2="${height - GAP}" stroke="#d0d7de" stroke-dasharray="2 3"/>` +
      `<text x="${at}" y="${above}" font-size="10" text-anchor="middle" fill="#57606a">${text}</text>`
    );
  });
  const ticks = Array.from({ length: Math.floor(end / 20) + 1 }, (_, index) => index * 20).map(
    (seconds) =>
      `<text x="${x(seconds).toFixed(1)}" y="${height - 26}" font-size="11" text-anchor="middle" fill="#57606a">${seconds} s</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="26" font-size="15" fill="#1f2328">${title}</text>`,
    ...marks,
    ...panels,
    ...ticks,
    '</svg>\n',
  ].join('\n');
}

function drawPanel(
  panel: Panel,
  top: number,
  samples: readonly Sample[],
  x: (seconds: number) => number,
): string {
  const values = panel.lines.flatMap(({ value }) => samples.flatMap((sample) => value(sample) ?? []));
  const highest = Math.max(1, ...values);
  const bottom = top + PANEL_HEIGHT;
  const y = (value: number): number => bottom - (value / highest) * PANEL_HEIGHT;
  const lines = panel.lines.map(({ colour, value }) => {
    const points = samples.flatMap((sample) => {
      const figure = value(sample);
      return figure === undefined ? [] : [[x(sample.seconds), y(figure)] as const];
    });
    return `<path d="${path(points, panel.steps)}" fill="none" stroke="${colour}" stroke-width="2"/>`;
  });
  const legend = panel.lines.map(
    ({ colour, label }, index) =>
      `<text x="${WIDTH - RIGHT - 70 * (panel.lines.length - 1 - index)}" y="${top - 10}" font-size="11" text-anchor="end" fill="${colour}">${label}</text>`,
  );
  return [
    `<text x="${LEFT}" y="${top - 10}" font-size="12" fill="#1f2328">${panel.title}</text>`,
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${bottom}" y2="${bottom}" stroke="#8c959f"/>`,
    `<text x="${LEFT - 8}" y="${top + 4}" font-size="11" text-anchor="end" fill="#57606a">${panel.unit(highest)}</text>`,
    `<text x="${LEFT - 8}" y="${bottom + 4}" font-size="11" text-anchor="end" fill="#57606a">${panel.unit(0)}</text>`,
    ...lines,
    ...(panel.lines.length > 1 ? legend : []),
  ].join('\n');
}

function path(points: readonly (readonly [number, number])[], steps: boolean): string {
  return points
    .map(([x, y], index) => {
      if (index === 0) return `M${x.toFixed(1)} ${y.toFixed(1)}`;
      return steps ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `L${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
