import { DEFAULT_RETENTION } from '../../signals/history.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { AcuteContext } from './context.ts';

const MINUTE_MS = 60_000;
/** An engine that answered and still does nothing is asked again after so long; so is one that is paused. */
const ASK_ALIVE_AGAIN_MS = 5 * MINUTE_MS;
/** Of the beginning of a suspicion, once its pages are kept farther apart. */
const FORGOTTEN_MS = DEFAULT_RETENTION.sparseStepMs;
const ASK_UNCLEAR_AGAIN_MS = 2 * MINUTE_MS;

/** What a token that was asked for says of a suspicion. */
export interface Proof {
  /**
   * - `Dead`: no answer, or nobody listens, and it was asked when it was due.
   * - `Lives`: it answered, or says that it is paused.
   * - `Unasked`: not asked yet, or when it was too early.
   * - `Awaited`: it has time to answer, or the page after its answer is not here yet.
   * - `Impossible`: asking tells nothing here.
   */
  readonly state: 'Dead' | 'Lives' | 'Unasked' | 'Awaited' | 'Impossible';
  /** It is to be asked now. */
  readonly ask: boolean;
  /** What was asked and what came of it, to follow upon a semicolon. */
  readonly text: string;
}

export interface Suspicion {
  /** Since when what it rests on has held. */
  readonly sinceMs: number;
  /** When it was strong enough to ask for a token; `undefined` while it is not. */
  readonly dueAtMs: number | undefined;
  /** Until when it was seen to hold: the newest page, or now. */
  readonly untilMs: number;
}

/** What the last probe says of a suspicion; one that was sent before it was due proves nothing against the engine. */
export function proofOf(
  { probe }: Pick<EngineSnapshot, 'probe'>,
  { sinceMs, dueAtMs, untilMs }: Suspicion,
  context: AcuteContext,
  nowMs: number,
): Proof {
  const isDue = dueAtMs !== undefined;
  const isOfNow = probe !== undefined && probe.sentAtMs >= sinceMs;
  if (!isOfNow) {
    if (context.probe.isPossible)
      return { state: 'Unasked', ask: isDue, text: 'it was not asked for a token yet' };
    return { state: 'Impossible', ask: false, text: `it cannot be asked for a token: ${context.probe.why}` };
  }
  const { sentAtMs, endedAtMs = Infinity, outcome, message } = probe;
  const text = `asked for a token: ${message}`;
  switch (outcome) {
    case 'Pending':
      return { state: 'Awaited', ask: false, text: 'it was asked for a token' };
    case 'Answered':
    case 'Paused':
      return { state: 'Lives', ask: isDue && nowMs - endedAtMs >= ASK_ALIVE_AGAIN_MS, text };
    case 'Inconclusive':
      return { state: 'Impossible', ask: isDue && nowMs - endedAtMs >= ASK_UNCLEAR_AGAIN_MS, text };
    case 'Silent':
    case 'Refused': {
      if (!isDue || sentAtMs < dueAtMs - FORGOTTEN_MS) return { state: 'Unasked', ask: isDue, text };
      return { state: untilMs >= endedAtMs ? 'Dead' : 'Awaited', ask: false, text };
    }
  }
}
