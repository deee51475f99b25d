import { missingAfterMs } from '../../signals/page-age.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { AcuteContext } from './context.ts';
import { NOTHING, verdictOn, type Judged } from './judgement.ts';
import { proofOf, type Proof } from './proof.ts';
import { counts, readingOf, standsStill, waitsForCapacity, type RankReading } from './rank-reading.ts';
import { runWhile, type Run } from './run.ts';
import { loadText, moment, rankText } from './text.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** gonka #1421: 120 s without a step, and no healthy engine was restarted any more. */
const PROVABLE_AFTER_MS = 120 * SECOND_MS;
/** Without a heartbeat, and before the first request has finished. */
const PROVABLE_AFTER_SLOW_MS = 300 * SECOND_MS;
/** A suspicion comes after a quarter of the time after which a token is asked for. */
const SUSPECT_SHARE = 0.25;
/** Stands in for the proof where no token can be asked for; also the longest that a profile takes to be written. */
const STAND_IN_AFTER_MS = 10 * MINUTE_MS;
/** Usage of an idle KV cache, with room for blocks that are kept for a transfer. */
const EMPTY_CACHE = 0.05;
/** Versions whose gauges stand still after all requests were aborted at once (vllm #22545, #29928). */
const STALE_GAUGES = /^(?:v0|v1-0\.(?:8|9|10|11|12))(?:-|$)/;

type Kind = 'Wedged' | 'Deadlocked';

/** One rank that holds requests and does nothing with them. */
interface Still {
  readonly engine: EngineSnapshot;
  readonly kind: Kind;
  readonly reading: RankReading;
  readonly run: Run;
  readonly context: AcuteContext;
}

/**
 * Signatures Wedged and Deadlocked (docs/signatures.md): an engine, or one data-parallel rank, that holds requests while
 * nothing that it counts moves. Judges the rank at `index`.
 */
export function judgeStill(
  engine: EngineSnapshot,
  index: number,
  reading: RankReading,
  context: AcuteContext,
  nowMs: number,
): Judged {
  const kind = kindOf(reading);
  if (kind === undefined || !counts(reading)) return NOTHING;
  const run = runWhile(engine, context.intervalMs, (sample) => {
    if (sample.isAsleep === true) return false;
    const before = readingOf(sample, index, reading.engine);
    return before !== undefined && kindOf(before) === kind && standsStill(before, reading);
  });
  const { newest, oldest } = run;
  if (newest === undefined || oldest === undefined) return NOTHING;
  if (nowMs - newest.atMs > missingAfterMs(context.intervalMs)) return NOTHING;
  const still: Still = { engine, kind, reading, run, context };
  const provableAfterMs = provableAfter(still);
  if (run.observedMs < SUSPECT_SHARE * Math.min(provableAfterMs, PROVABLE_AFTER_SLOW_MS)) return NOTHING;
  const dueAtMs = run.heldForAt(provableAfterMs);
  const suspicion = { sinceMs: run.sinceMs, dueAtMs, untilMs: newest.atMs };
  const proof = proofOf(engine, suspicion, context, nowMs);
  const { ranks } = newest.sample;
  const probe = {
    uid: engine.uid,
    why: sentence(still, undefined),
    ...(ranks.length > 1 && { rank: reading.engine }),
  };
  return { ...judged(still, proof, dueAtMs !== undefined), ...(proof.ask && { probe }) };
}

/** What a page shows that holds requests; `undefined` of one that holds none, or none that could go on. */
function kindOf(reading: RankReading): Kind | undefined {
  const { running, kvCacheUsage } = reading;
  if (running === undefined) return undefined;
  if (running > 0) return 'Wedged';
  if (kvCacheUsage === undefined || kvCacheUsage >= EMPTY_CACHE) return undefined;
  return waitsForCapacity(reading) > 0 ? 'Deadlocked' : undefined;
}

/**
 * First requests may compile something, until one has finished. A profile stops an engine for minutes: where one may be
 * written, a token is asked for only after ten.
 */
function provableAfter({ reading, context }: Still): number {
  if (context.hasProfiler) return STAND_IN_AFTER_MS;
  const { generationTokens, finished, steps } = reading;
  const isNew = (generationTokens ?? 0) === 0 || finished === 0;
  return isNew || steps === undefined ? PROVABLE_AFTER_SLOW_MS : PROVABLE_AFTER_MS;
}

function judged(still: Still, proof: Proof, isDue: boolean): Judged {
  const { engine, kind, run } = still;
  const isOld = run.observedMs >= STAND_IN_AFTER_MS;
  const isOnlyRank = (run.newest?.sample.ranks.length ?? 0) <= 1;
  // The answer of an engine with several ranks may be another one's; that it is paused is said of all.
  if (proof.state === 'Lives' && (isOnlyRank || engine.probe?.outcome === 'Paused')) {
    return isOld ? say(still, proof, 'Noted', 'Low', 'AnswersButStandsStill') : NOTHING;
  }
  const isUnclear = proof.state === 'Lives' || proof.state === 'Impossible';
  if (mayBeStale(still) && (isUnclear || !isOnlyRank))
    return isDue ? say(still, proof, 'Noted', 'Low', 'GaugesMayBeStale') : NOTHING;
  if (proof.state === 'Dead') return say(still, proof, 'Proved', 'High', `${kind}ProbeUnanswered`);
  if ((isUnclear || proof.state === 'Unasked') && isOld && standsInForProof(still))
    return say(still, proof, 'Proved', 'Medium', `${kind}ForTenMinutes`);
  return say(still, proof, 'Suspected', isDue ? 'Medium' : 'Low', 'StandsStill');
}

function mayBeStale({ run }: Still): boolean {
  return STALE_GAUGES.test(run.newest?.sample.dialect ?? '');
}

/** Not where something else may hold it for so long: a profile, a pause, or requests that wait for no capacity at all. */
function standsInForProof({ kind, reading, context }: Still): boolean {
  if (context.hasProfiler || context.canBePaused) return false;
  return kind === 'Wedged' || reading.waitingForCapacity !== undefined;
}

function say(
  still: Still,
  proof: Proof,
  state: 'Suspected' | 'Proved' | 'Noted',
  confidence: 'Low' | 'Medium' | 'High',
  reason: string,
): Judged {
  const sinceMs = seenSinceMs(still);
  const message = sentence(still, proof);
  return {
    verdict: verdictOn(still.engine, { signature: still.kind, state, confidence, sinceMs, reason, message }),
  };
}

/** Once its first pages are no longer kept, the token that was asked for tells how long it has stood still at least. */
function seenSinceMs(still: Still): number {
  const { engine, run } = still;
  const oldestMs = run.oldest?.atMs ?? 0;
  if (run.sinceMs !== -Infinity || engine.probe === undefined) return oldestMs;
  return Math.min(oldestMs, engine.probe.sentAtMs - provableAfter(still));
}

function sentence(still: Still, proof: Proof | undefined): string {
  const { run, reading, kind } = still;
  const { newest } = run;
  const rank = newest === undefined ? '' : rankText(newest.sample, reading);
  const step = reading.steps === undefined ? '' : 'no engine step, ';
  const what = kind === 'Wedged' ? '' : 'nothing runs though requests wait, ';
  const since = `since ${moment(seenSinceMs(still))} ${what}${step}no token and no finished request`;
  const asked = proof === undefined ? '' : `; ${proof.text}`;
  return `${rank}${since}, with ${loadText(reading)}${asked}`;
}
