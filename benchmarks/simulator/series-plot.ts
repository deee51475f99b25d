import { FIT_PAGES, JUDGED_PAGES } from './series-model.ts';
import type { SeriesPoint } from './real-series.ts';

const WIDTH = 900;
const PANEL = { left: 64, width: 812, height: 104, gap: 40, top: 82 } as const;
const SECONDS = { first: 10, last: 72 } as const;
const COLOURS = { real: '#1f2328', model: '#d1570b', fit: '#eef3f8' } as const;
const FONT = 'font-family="system-ui, sans-serif"';

interface Panel {
  readonly title: string;
  readonly of: (point: SeriesPoint) => number;
  readonly highest: number;
}

const PANELS: readonly Panel[] = [
  { title: 'requests waiting', of: (point) => point.waiting, highest: 16 },
  { title: 'requests running (--max-num-seqs 4)', of: (point) => point.running, highest: 4 },
  { title: 'KV-cache usage', of: (point) => point.kvCacheUsage, highest: 1 },
  { title: 'preemptions so far', of: (point) => point.preemptions, highest: 160 },
  { title: 'tokens generated so far, thousands', of: (point) => point.generationTokens / 1000, highest: 50 },
];

/** Real pages as dots, the model as a line, one panel a figure; the pages of the fit are shaded. */
export function seriesPlot(real: readonly SeriesPoint[], model: readonly SeriesPoint[]): string {
  const height = PANEL.top + PANELS.length * (PANEL.height + PANEL.gap) + 16;
  const [fitFrom, fitTo] = [real[FIT_PAGES.first]?.seconds ?? 0, real[FIT_PAGES.last]?.seconds ?? 0];
  const panels = PANELS.map((panel, index) => {
    const top = PANEL.top + index * (PANEL.height + PANEL.gap);
    return drawPanel(panel, top, real, model, [fitFrom, fitTo]);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(PANEL.left, 24, 'The engine model beside vLLM 0.32.0, 16 closed-loop clients, 16 KV blocks', 15),
    `<circle cx="${PANEL.left + 4}" cy="40" r="2.6" fill="${COLOURS.real}"/>`,
    text(PANEL.left + 14, 44, 'real pages', 12),
    `<path d="M${PANEL.left + 96} 40h22" stroke="${COLOURS.model}" stroke-width="1.6"/>`,
    text(PANEL.left + 124, 44, 'model', 12),
    text(
      PANEL.left + 180,
      44,
      `speed fitted on the shaded pages (0${FIT_PAGES.first} to 0${FIT_PAGES.last}), judged on 0${JUDGED_PAGES.first} to 0${JUDGED_PAGES.last}`,
      12,
    ),
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel(
  { title, of, highest }: Panel,
  top: number,
  real: readonly SeriesPoint[],
  model: readonly SeriesPoint[],
  [fitFrom, fitTo]: readonly [number, number],
): string {
  const bottom = top + PANEL.height;
  const y = (value: number): number => bottom - (value / highest) * PANEL.height;
  const shown = ({ seconds }: SeriesPoint): boolean => seconds >= SECONDS.first && seconds <= SECONDS.last;
  const line = model
    .filter(shown)
    .map((point) => `${x(point.seconds).toFixed(1)} ${y(of(point)).toFixed(1)}`);
  const dots = real
    .filter(shown)
    .map((point) => `<circle cx="${x(point.seconds).toFixed(1)}" cy="${y(of(point)).toFixed(1)}" r="2.6"/>`);
  const ticks = [20, 30, 40, 50, 60, 70].map((seconds) =>
    text(x(seconds) - 8, bottom + 14, `${seconds} s`, 11, '#656d76'),
  );
  return [
    `<rect x="${x(fitFrom)}" y="${top}" width="${x(fitTo) - x(fitFrom)}" height="${PANEL.height}" fill="${COLOURS.fit}"/>`,
    text(PANEL.left, top - 6, title, 12),
    ...[0, highest / 2, highest].map((value) => gridLine(y(value), value)),
    ...ticks,
    `<path d="M${line.join('L')}" fill="none" stroke="${COLOURS.model}" stroke-width="1.6"/>`,
    `<g fill="${COLOURS.real}">${dots.join('')}</g>`,
  ].join('\n');
}

function gridLine(y: number, value: number): string {
  return [
    `<path d="M${PANEL.left} ${y}h${PANEL.width}" stroke="#d0d7de" stroke-width="0.6"/>`,
    text(PANEL.left - 34, y + 4, String(value), 11, '#656d76'),
  ].join('');
}

function x(seconds: number): number {
  return PANEL.left + ((seconds - SECONDS.first) / (SECONDS.last - SECONDS.first)) * PANEL.width;
}

function text(atX: number, atY: number, content: string, size: number, colour = '#1f2328'): string {
  return `<text x="${atX}" y="${atY}" ${FONT} font-size="${size}" fill="${colour}">${content}</text>`;
}
