import fc from 'fast-check';
import { decideSize, freshMemory, rememberChange } from '../../src/scaling/decide-size.ts';
import type {
  ManualFloor,
  ScalingInput,
  ScalingMemory,
  ScalingSettings,
  SizeDecision,
} from '../../src/scaling/types.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import { loading, NOW, secondsAgo, silent } from './engines.ts';
import { engineAt, NOTHING_SERVED, pageAt, serve, type Served, type Work } from './pages.ts';
import { scalingInput } from './scaling.ts';

/** What happens to a fleet for some passes. */
export interface Chapter {
  /** Requests per second, to all engines alike. */
  readonly rate: number;
  readonly passes: number;
  /** At its beginning, or while it lasts for pages that cannot be read. */
  readonly fault?: 'OnePageMissing' | 'AllPagesMissing' | 'EngineRestarted' | 'EngineDeleted';
}

export interface History {
  readonly settings: Partial<ScalingSettings>;
  readonly startsWith: number;
  readonly chapters: readonly Chapter[];
  readonly floor?: ManualFloor;
}

/** One pass: all that the decider was given, and what it said. */
export interface Turn {
  readonly nowMs: number;
  readonly input: ScalingInput;
  readonly memory: ScalingMemory;
  readonly decision: SizeDecision;
}

export const PASS_SECONDS = 15;
const START_SECONDS = 60;
/** Requests per second that an engine carries in time. */
export const CARRIES = 4;

/** An engine with what it has counted. */
interface Member {
  readonly name: string;
  readonly createdAtMs: number;
  readonly served: Served;
}

/**
 * Plays a history: whatever size is decided is carried out at once, new engines start in a minute, engines that get
 * more than they carry answer late.
 */
export function playHistory(
  { settings, startsWith, chapters, floor }: History,
  see: (turn: Turn) => void,
): void {
  let memory = freshMemory(NOW);
  let members: readonly Member[] = Array.from({ length: startsWith }, (_, index) =>
    member(index + 1, secondsAgo(3600)),
  );
  let born = startsWith;
  let nowMs = NOW;
  for (const chapter of chapters) {
    born += 1;
    members = struck(members, chapter.fault, member(born, nowMs));
    for (let pass = 0; pass < chapter.passes; pass += 1) {
      nowMs += PASS_SECONDS * 1000;
      const work = workOfEach(members.filter((one) => isReady(one, nowMs)).length, chapter.rate);
      members = members.map((one) =>
        isReady(one, nowMs) ? { ...one, served: serve(one.served, work, PASS_SECONDS) } : one,
      );
      const engines = members.map((one, index) => seen(one, work, nowMs, isMute(chapter.fault, index)));
      const input = {
        ...scalingInput(engines, settings),
        ...(floor !== undefined && { manualFloor: floor }),
      };
      const { decision, memory: next } = decideSize(input, memory, nowMs);
      see({ nowMs, input, memory, decision });
      const { current: from, desired: to } = decision;
      memory = from === to ? next : rememberChange(next, { atMs: nowMs, from, to });
      const fresh = Array.from({ length: Math.max(0, to - from) }, (_, index) =>
        member(born + index + 1, nowMs),
      );
      born += fresh.length;
      members = [...members.slice(0, to), ...fresh];
    }
  }
}

const member = (index: number, createdAtMs: number): Member => ({
  name: `engine-${index}`,
  createdAtMs,
  served: NOTHING_SERVED,
});

const isReady = ({ createdAtMs }: Member, nowMs: number): boolean =>
  nowMs - createdAtMs >= START_SECONDS * 1000;

/** A fault of the first engine. A deleted one is made anew by its ReplicaSet; one that restarted counts from zero. */
function struck(members: readonly Member[], fault: Chapter['fault'], replacement: Member): readonly Member[] {
  const [first, ...others] = members;
  if (first === undefined) return members;
  if (fault === 'EngineDeleted') return [...others, replacement];
  return fault === 'EngineRestarted' ? [{ ...first, served: NOTHING_SERVED }, ...others] : members;
}

const isMute = (fault: Chapter['fault'], index: number): boolean =>
  fault === 'AllPagesMissing' || (fault === 'OnePageMissing' && index === 0);

/** The work of each of so many ready engines that share so many requests per second. */
export function workOfEach(ready: number, rate: number): Work {
  const perSecond = rate / Math.max(1, ready);
  const part = perSecond / CARRIES;
  return {
    perSecond,
    promptTokens: 500,
    generatedTokens: 200,
    gapMs: 20 + 20 * Math.min(2, part),
    lateShare: part > 1 ? 0.8 : 0,
    waiting: Math.round(Math.max(0, perSecond - CARRIES) * 5),
    kvCacheUsage: Math.min(1, 0.7 * part),
  };
}

function seen(one: Member, work: Work, nowMs: number, mute: boolean): EngineSnapshot {
  const { name, createdAtMs, served } = one;
  if (!isReady(one, nowMs)) return loading(name, 0, { createdAtMs });
  const readyAtMs = createdAtMs + START_SECONDS * 1000;
  if (mute) return silent(name, undefined, { createdAtMs, readyAtMs });
  return { ...engineAt(name, nowMs, pageAt(served, work)), createdAtMs, readyAtMs };
}

const chapter: fc.Arbitrary<Chapter> = fc
  .record({
    rate: fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 6, arbitrary: fc.double({ min: 0.1, max: 40, noNaN: true }) },
    ),
    passes: fc.integer({ min: 2, max: 12 }),
    fault: fc.option(
      fc.constantFrom('OnePageMissing', 'AllPagesMissing', 'EngineRestarted', 'EngineDeleted'),
      { nil: undefined, freq: 2 },
    ),
  })
  .map(({ fault, ...rest }) => ({ ...rest, ...(fault !== undefined && { fault }) }));

/** Minutes, up to a quarter of an hour, of a fleet with a size within its bounds. */
export const histories: fc.Arbitrary<History> = fc
  .record({
    chapters: fc.array(chapter, { minLength: 2, maxLength: 5 }),
    minReplicas: fc.integer({ min: 1, max: 3 }),
    startsWith: fc.integer({ min: 3, max: 6 }),
    maxReplicas: fc.integer({ min: 6, max: 16 }),
  })
  .map(({ chapters, startsWith, ...bounds }) => ({ chapters, startsWith, settings: bounds }));
