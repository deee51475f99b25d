import { JUDGED_PAGES } from './series-model.ts';
import type { SeriesPoint } from './real-series.ts';

/** Judged pages on which all sixteen clients were still at work. */
const LAST_LOADED_PAGE = 57;

export interface Agreement {
  readonly name: string;
  readonly real: number;
  readonly model: number;
}

type Figure = keyof SeriesPoint;

/** How closely the model follows the real engine on the pages that it was not fitted on. */
export function judge(real: readonly SeriesPoint[], model: readonly SeriesPoint[]): readonly Agreement[] {
  const both = (name: string, of: (series: readonly SeriesPoint[]) => number): Agreement => ({
    name,
    real: of(real),
    model: of(model),
  });
  return [
    both('running, mean', meanOf('running')),
    both('waiting, mean', meanOf('waiting')),
    both('KV-cache usage, mean', meanOf('kvCacheUsage')),
    both('steps per second', ratio('steps', 'seconds')),
    both('tokens per step', ratio('generationTokens', 'steps')),
    both('preemptions per finished request', ratio('preemptions', 'finished')),
    both('seconds from page 040 until the last token', drainSeconds),
  ];
}

function loaded(series: readonly SeriesPoint[]): readonly SeriesPoint[] {
  return series.slice(JUDGED_PAGES.first, LAST_LOADED_PAGE + 1);
}

function meanOf(figure: Figure): (series: readonly SeriesPoint[]) => number {
  return (series) => {
    const points = loaded(series);
    return points.reduce((sum, point) => sum + point[figure], 0) / points.length;
  };
}

/** Growth of one figure over that of another, from page 040 to the last one under full load. */
function ratio(over: Figure, under: Figure): (series: readonly SeriesPoint[]) => number {
  return (series) => {
    const [from, to] = [series[JUDGED_PAGES.first - 1], series[LAST_LOADED_PAGE]];
    if (from === undefined || to === undefined) return NaN;
    return (to[over] - from[over]) / (to[under] - from[under]);
  };
}

/** The last token lies between two pages: as far on as the tokens of the last second go at the speed before. */
function drainSeconds(series: readonly SeriesPoint[]): number {
  const end = series.at(-1)?.generationTokens ?? NaN;
  const index = series.findIndex((point) => point.generationTokens === end);
  const [earlier, before] = [series[index - 2], series[index - 1]];
  const start = series[JUDGED_PAGES.first - 1];
  if (earlier === undefined || before === undefined || start === undefined) return NaN;
  const steps = (series[index]?.steps ?? NaN) - before.steps;
  const secondsPerStep = (before.seconds - earlier.seconds) / (before.steps - earlier.steps);
  return before.seconds + steps * secondsPerStep - start.seconds;
}

/** Root of the mean squared difference over all judged pages. */
export function rootMeanSquare(
  real: readonly SeriesPoint[],
  model: readonly SeriesPoint[],
  figure: Figure,
): number {
  const pages = real.slice(JUDGED_PAGES.first, JUDGED_PAGES.last + 1);
  const squares = pages.map(
    (page, index) => (page[figure] - (model[JUDGED_PAGES.first + index]?.[figure] ?? NaN)) ** 2,
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}
