/** How long a suspicion counts after it was seen last. */
const COUNTED_MS = 10 * 60_000;
/** More than this share of a fleet, and at least two, are too many to be sick each for itself. */
const MANY_SHARE = 1 / 3;
const LEAST_MANY = 2;
/** Replacements after which it is looked at whether they helped. */
const TRIES = 2;

/** What the breaker remembers; times in milliseconds since the epoch. */
export interface BreakerMemory {
  /** By uid: when the engine was last seen to be suspicious. */
  readonly suspects: ReadonlyMap<string, number>;
}

export const NO_SUSPECTS: BreakerMemory = { suspects: new Map() };

export interface BreakerInputs {
  /** Engines that show a signature of a dead engine now, proved or not. */
  readonly suspected: ReadonlySet<string>;
  /** Engines of the fleet that are not on their way out. */
  readonly engines: number;
  /** When engines that were proved dead were replaced, within the last hour. */
  readonly replacedAtMs: readonly number[];
  /** Those of the engines made since that are judged already: started, or failed to. */
  readonly successors: readonly { readonly createdAtMs: number; readonly isSick: boolean }[];
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
  memory: BreakerMemory,
  { suspected, engines, replacedAtMs, successors, nowMs }: BreakerInputs,
): { readonly memory: BreakerMemory; readonly halt?: Halt } {
  const seen = [...suspected].map((uid) => [uid, nowMs] as const);
  const suspects = new Map(
    [...memory.suspects, ...seen].filter(([, atMs]) => nowMs - atMs < COUNTED_MS && atMs <= nowMs),
  );
  const next = { memory: { suspects } };
  const tries = replacedAtMs.toSorted((a, b) => a - b).slice(-TRIES);
  const since = tries[0] ?? nowMs;
  const made = successors.filter(({ createdAtMs }) => createdAtMs >= since - COUNTED_MS);
  if (tries.length >= TRIES && suspected.size > 0 && made.length > 0 && made.every(({ isSick }) => isSick)) {
    const message = `${tries.length} engines were replaced within an hour, and those in their place are sick as well: suspect the image, the model or the nodes; restart by hand with the annotation vllm.warden.dev/replace`;
    return { ...next, halt: { reason: 'ReplacementsFail', message } };
  }
  if (suspects.size < LEAST_MANY || suspects.size <= MANY_SHARE * engines) return next;
  const message = `${suspects.size} of ${engines} engines were suspected within 10 min: many at once, so suspect the traffic, the way to their metrics pages or the image; none is restarted on suspicion, only those whose probe proves them dead, one at a time`;
  return { ...next, halt: { reason: 'ManyAtOnce', message } };
}
