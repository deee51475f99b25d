import { ttftOf } from '../../src/disruption/comparison/odds.ts';
import { failureRate } from '../../src/disruption/comparison/tally.ts';
import { rolloutOf, type Extent, type Kind } from './scenarios.ts';
import { simulateRollout, type RolloutOutcome } from './simulate-rollout.ts';

/** What became of many roll-outs of one kind. Times are from the first new engine's first request to the stop. */
export interface Tried {
  readonly kind: Kind;
  readonly rollouts: number;
  readonly stopped: number;
  /** Roll-outs that the limits alone would have stopped at some look. */
  readonly overLimits: number;
  readonly minutesToStop: { readonly median: number; readonly most: number } | undefined;
  /** Requests of the new side that were compared by the end, the median. */
  readonly comparedRequests: number;
  /** What was seen of both sides, the median. */
  readonly ttftRatio: number;
  readonly errorRates: { readonly old: number; readonly new: number };
  /** Seeds of the roll-outs whose outcome was wrong. */
  readonly wrongSeeds: readonly number[];
}

/** Plays so many roll-outs of a kind, with the seeds from `firstSeed` on. */
export function tryRollouts(kind: Kind, rollouts: number, firstSeed: number, extent: Extent): Tried {
  const seeds = Array.from({ length: rollouts }, (_, index) => firstSeed + index);
  const outcomes = seeds.map((seed) => simulateRollout(rolloutOf(kind, seed, extent)));
  const times = outcomes.flatMap(({ stoppedAfterMs }) => stoppedAfterMs ?? []).map((ms) => ms / 60_000);
  const medianOf = (read: (outcome: RolloutOutcome) => number): number => median(outcomes.map(read));
  return {
    kind,
    rollouts,
    stopped: times.length,
    overLimits: outcomes.filter(({ overLimits }) => overLimits).length,
    minutesToStop: times.length === 0 ? undefined : { median: median(times), most: Math.max(...times) },
    comparedRequests: medianOf(({ compared }) => compared.requests.New),
    ttftRatio: medianOf(
      ({ compared: { weighted } }) => (ttftOf(weighted.New) ?? NaN) / (ttftOf(weighted.Old) ?? NaN),
    ),
    errorRates: {
      old: medianOf(({ compared }) => failureRate(compared.weighted.Old)),
      new: medianOf(({ compared }) => failureRate(compared.weighted.New)),
    },
    wrongSeeds: seeds.filter((_, index) => isStopped(outcomes[index]) === (kind === 'Identical')),
  };
}

function isStopped(outcome: RolloutOutcome | undefined): boolean {
  return outcome?.stoppedAfterMs !== undefined;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
