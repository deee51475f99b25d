import type { EngineSample } from '../../engine/sample.ts';
import { missingAfterMs } from '../../signals/page-age.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { AcuteContext } from './context.ts';
import { NOTHING, verdictOn, type Judged } from './judgement.ts';
import { proofOf } from './proof.ts';
import { readingOf, waitsForCapacity, type RankReading } from './rank-reading.ts';
import { runWhile, type Run } from './run.ts';
import { loadText, moment, rankText } from './text.ts';

const PROVABLE_AFTER_MS = 300_000;
/** Pages of a quarter of an hour are kept: the longest that can be seen. */
const STAND_IN_AFTER_MS = 840_000;
/** Prompts are read on; of one that has stopped, Wedged speaks. */
const STILL_RISES_MS = 60_000;
/** Each request's prompt may be read once more after it was thrown out. */
const TIMES_READ = 2;
/** Bounds of token histograms go 1, 2, 5, 10 and end below the longest context (vllm/v1/metrics/loggers.py). */
const NEXT_BOUND = 2.5;

/**
 * Signature Livelocked (docs/signatures.md; vllm #52520): the same requests wait while their prompts are read again and
 * again, and no token comes of it. Judges the rank at `index`.
 */
export function judgeLivelock(
  engine: EngineSnapshot,
  index: number,
  reading: RankReading,
  context: AcuteContext,
  nowMs: number,
): Judged {
  const { generationTokens, finished, processStartTimeSeconds } = reading;
  if (generationTokens === undefined || finished === undefined || waitsForCapacity(reading) < 1)
    return NOTHING;
  const run = runWhile(engine, context.intervalMs, (sample) => {
    const before = readingOf(sample, index, reading.engine);
    return (
      before?.generationTokens === generationTokens &&
      before.finished === finished &&
      before.processStartTimeSeconds === processStartTimeSeconds &&
      waitsForCapacity(before) >= 1
    );
  });
  const { oldest, newest } = run;
  const dueAtMs = run.heldForAt(PROVABLE_AFTER_MS);
  if (newest === undefined || oldest === undefined || dueAtMs === undefined) return NOTHING;
  if (nowMs - newest.atMs > missingAfterMs(context.intervalMs)) return NOTHING;
  const read = promptsRead(run, index, reading);
  if (read === undefined || read <= mostToRead(reading, newest.sample, context)) return NOTHING;
  const proof = proofOf(engine, { sinceMs: run.sinceMs, dueAtMs, untilMs: newest.atMs }, context, nowMs);
  const says = `${rankText(newest.sample, reading)}since ${moment(oldest.atMs)} ${read} prompt tokens were read, more than all requests inside could hold, and none was generated, with ${loadText(reading)}`;
  const probe = {
    uid: engine.uid,
    why: says,
    ...(newest.sample.ranks.length > 1 && { rank: reading.engine }),
  };
  const asked = proof.ask ? { probe } : NOTHING;
  if (proof.state === 'Lives') return asked;
  const isOld = proof.state === 'Impossible' && run.observedMs >= STAND_IN_AFTER_MS;
  const isProved = proof.state === 'Dead' || isOld;
  const verdict = verdictOn(engine, {
    signature: 'Livelocked',
    state: isProved ? 'Proved' : 'Suspected',
    confidence: proof.state === 'Dead' ? 'High' : 'Medium',
    sinceMs: oldest.atMs,
    reason: isProved ? 'PromptsReadInVain' : 'NoTokenComesOfPrompts',
    message: `${says}; ${proof.text}`,
  });
  return { verdict, ...asked };
}

/** Prompt tokens over the run; `undefined` where they do not rise any more, or are not counted. */
function promptsRead(
  { pages, oldest, newest }: Run,
  index: number,
  reading: RankReading,
): number | undefined {
  const at = (sample: EngineSample | undefined): number | undefined =>
    sample === undefined ? undefined : readingOf(sample, index, reading.engine)?.promptTokens;
  const fromMs = (newest?.atMs ?? 0) - STILL_RISES_MS;
  const [first, last] = [at(oldest?.sample), reading.promptTokens];
  const late = at(pages.findLast(({ atMs }) => atMs <= fromMs)?.sample);
  if (first === undefined || late === undefined || last === undefined || last <= late) return undefined;
  return last - first;
}

/** All that the requests inside may hold; without end where nothing tells how long one may be. */
function mostToRead(
  reading: RankReading,
  { histograms }: EngineSample,
  { maxModelLen }: AcuteContext,
): number {
  const bound = histograms.requestPromptTokens?.bounds.findLast((one) => one < Infinity);
  const longest = maxModelLen ?? (bound === undefined ? Infinity : NEXT_BOUND * bound);
  return TIMES_READ * longest * ((reading.running ?? 0) + (reading.waiting ?? 0));
}
