import { runBenchmark, type BenchmarkOptions, type Report } from '../support/benchmark.ts';
import { figure, table } from '../support/table.ts';
import { tryRollouts, type Tried } from './run-rollouts.ts';
import { WHOLE, type Kind } from './scenarios.ts';

/**
 * Roll-outs of good and bad versions in virtual time, with a verdict every five seconds: how many are stopped, and when.
 * Run: `node benchmarks/rollouts/main.ts [--json] [--quick]`; takes about three minutes.
 */
const TRIALS: readonly { readonly kind: Kind; readonly title: string; readonly rollouts: number }[] = [
  { kind: 'Identical', title: 'the same version', rollouts: 200 },
  { kind: 'ThreeTimesTheErrors', title: 'errors from 0.67 % to 2 %', rollouts: 100 },
  { kind: 'TwiceTheTimeToFirstToken', title: 'twice the time to first token', rollouts: 100 },
];
/** Other seeds than those on which the comparison was tuned, and than those of its test. */
const FIRST_SEED = 20_001;

function measure({ quick }: BenchmarkOptions): Report {
  const tried = TRIALS.map(({ kind, title, rollouts }) => ({
    title,
    ...tryRollouts(kind, quick ? rollouts / 10 : rollouts, FIRST_SEED, WHOLE),
  }));
  const header = [
    'new version',
    'roll-outs',
    'stopped',
    'by the limits alone',
    'minutes to stop, median',
    'most',
    'its requests compared',
    'error rates',
    'p95 TTFT',
  ];
  const rows = tried.map((one) => [one.title, ...cells(one)]);
  return { lines: [...table(header, rows), ...tried.flatMap(wrong)], figures: { tried } };
}

function cells(one: Tried): readonly string[] {
  const { rollouts, stopped, overLimits, minutesToStop, comparedRequests, errorRates, ttftRatio } = one;
  return [
    String(rollouts),
    String(stopped),
    String(overLimits),
    figure(minutesToStop?.median, 1),
    figure(minutesToStop?.most, 1),
    figure(comparedRequests, 0),
    `${figure(100 * errorRates.old, 2)} → ${figure(100 * errorRates.new, 2)} %`,
    `× ${figure(ttftRatio, 2)}`,
  ];
}

function wrong({ title, wrongSeeds }: Tried & { readonly title: string }): readonly string[] {
  return wrongSeeds.length === 0 ? [] : [`wrong with ${title}: seeds ${wrongSeeds.join(', ')}`];
}

await runBenchmark('rollouts', measure);
