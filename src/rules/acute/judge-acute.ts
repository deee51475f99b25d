import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { Verdict } from '../verdict.ts';
import type { AcuteContext } from './context.ts';
import { judgeDead } from './judge-dead.ts';
import { judgeLivelock } from './judge-livelock.ts';
import { judgePace } from './judge-pace.ts';
import { judgeRestarts } from './judge-restarts.ts';
import { judgeStill } from './judge-still.ts';
import { NOTHING, worstOf, type Judged, type ProbeWish } from './judgement.ts';
import { readingsOf } from './rank-reading.ts';

export interface AcuteJudgement {
  readonly verdicts: readonly Verdict[];
  /** Engines that a token should be asked of now. */
  readonly probes: readonly ProbeWish[];
}

/**
 * What is wrong with the engines of a fleet now (docs/signatures.md). Rests on the snapshot alone: the pages of the last
 * quarter of an hour, what the kubelet tells, and the last token that was asked for.
 *
 * @param nowMs milliseconds since the epoch
 */
export function judgeAcute(
  engines: readonly EngineSnapshot[],
  context: AcuteContext,
  nowMs: number,
): AcuteJudgement {
  const staying = engines.filter(({ lifecycle }) => lifecycle !== 'Terminating');
  const judged = staying.flatMap((engine) => [
    judgeLoad(engine, context, nowMs),
    judgeDead(engine, context, nowMs),
  ]);
  return {
    verdicts: [
      ...judged.flatMap(({ verdict }) => verdict ?? []),
      ...judgePace(staying, context, nowMs),
      ...judgeRestarts(staying, context, nowMs),
    ],
    probes: judged.flatMap(({ probe }) => probe ?? []),
  };
}

/** By rank; the worst speaks for the engine. One that sleeps does what it was told. */
function judgeLoad(engine: EngineSnapshot, context: AcuteContext, nowMs: number): Judged {
  const newest = engine.history?.samples.at(-1)?.sample;
  if (newest === undefined || newest.isAsleep === true) return NOTHING;
  const ranks = readingsOf(newest);
  const worst = (judgeRank: typeof judgeStill): Judged =>
    worstOf(ranks.map((reading, index) => judgeRank(engine, index, reading, context, nowMs)));
  const still = worst(judgeStill);
  return still === NOTHING ? worst(judgeLivelock) : still;
}
