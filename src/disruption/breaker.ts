import type { Disruption } from '../api/v1alpha1/status.ts';

/** How long a suspicion counts after it was seen last. */
const SUSPECTED_MS = 10 * 60_000;
/** More than this share of a fleet, and at least two, are too many to be sick each for itself. */
const MANY_SHARE = 1 / 3;
const LEAST_MANY = 2;
/** So many replacements of dead engines must have helped, or no more are made. */
const TRIES = 2;
const TRIED_MS = 60 * 60_000;

/** What the breaker remembers, by uid; times in milliseconds since the epoch. */
export interface BreakerMemory {
  /** When the engine was last seen to be suspicious. */
  readonly suspects: ReadonlyMap<string, number>;
  /** When the replacement of the engine, which was proved dead, began. */
  readonly tries: ReadonlyMap<string, number>;
}

export const CLOSED_BREAKER: BreakerMemory = { suspects: new Map(), tries: new Map() };

export interface BreakerInputs {
  /** Engines that show a signature of a dead engine now, proved or not. */
  readonly suspected: ReadonlySet<string>;
  /** Engines of the fleet that are not on their way out. */
  readonly engines: number;
  readonly claims: readonly Disruption[];
  /** The engines of which is known whether they are well: those that serve, and those that are sick or failed to start. */
  readonly judged: readonly { readonly createdAtMs: number; readonly isSick: boolean }[];
  readonly nowMs: number;
}

/**
 * Why nothing is done on suspicion, or nothing at all. Many engines that fall sick at once have a common cause (the
 * traffic, the way to their pages, the image), and to restart them would take away what still serves.
 */
export interface Halt {
  /** `ManyAtOnce`: only what a probe has proved is acted on. `ReplacementsFail`: nothing is. */
  readonly reason: 'ManyAtOnce' | 'ReplacementsFail';
  readonly message: string;
}

/** The circuit breaker of a fleet. */
export function judgeBreaker(
  before: BreakerMemory,
  { suspected, engines, claims, judged, nowMs }: BreakerInputs,
): { readonly memory: BreakerMemory; readonly halt?: Halt } {
  const now = [...suspected].map((uid) => [uid, nowMs] as const);
  const deaths = claims
    .filter(({ cause, step }) => cause === 'Dead' && step === 'Removing')
    .map(({ victimUID, claimedAt }) => [victimUID, Date.parse(claimedAt)] as const);
  const memory = {
    suspects: recent([...before.suspects, ...now], SUSPECTED_MS, nowMs),
    tries: recent([...before.tries, ...deaths], TRIED_MS, nowMs),
  };
  const halt = replacementsFail(memory, judged, suspected) ?? manyAtOnce(memory, engines);
  return { memory, ...(halt !== undefined && { halt }) };
}

function replacementsFail(
  { tries }: BreakerMemory,
  judged: BreakerInputs['judged'],
  suspected: ReadonlySet<string>,
): Halt | undefined {
  const since = [...tries.values()].toSorted((a, b) => b - a)[TRIES - 1];
  if (since === undefined || suspected.size === 0) return undefined;
  const made = judged.filter(({ createdAtMs }) => createdAtMs >= since);
  if (made.length < TRIES || made.some(({ isSick }) => !isSick)) return undefined;
  const message = `the last ${TRIES} engines that were proved dead were replaced, and all that were made since are sick as well: suspect the image, the model, the nodes or the traffic; the annotation vllm.warden.dev/replace still replaces an engine`;
  return { reason: 'ReplacementsFail', message };
}

function manyAtOnce({ suspects }: BreakerMemory, engines: number): Halt | undefined {
  if (suspects.size < LEAST_MANY || suspects.size <= MANY_SHARE * engines) return undefined;
  const message = `${suspects.size} of ${engines} engines were suspected within 10 min: many at once, suspect the traffic, the way to their metrics pages or the image; none is restarted on suspicion, only those whose probe proves them dead, one at a time`;
  return { reason: 'ManyAtOnce', message };
}

function recent(
  entries: readonly (readonly [string, number])[],
  lengthMs: number,
  nowMs: number,
): ReadonlyMap<string, number> {
  return new Map(entries.filter(([, atMs]) => atMs <= nowMs && nowMs - atMs < lengthMs));
}
