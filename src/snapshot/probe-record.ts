/**
 * What one generated token of an engine was asked for, and what came of it. Times in milliseconds since the epoch.
 *
 * - `Pending`: no answer yet, and its time is not over.
 * - `Answered`: the engine generated a token, or refused for want of room (503): it lives.
 * - `Silent`: no answer in time.
 * - `Refused`: nobody listens, the connection was reset, or its API server says that the engine has died.
 * - `Paused`: it says itself that it sleeps or is paused: that it does nothing is what it was told.
 * - `Inconclusive`: an answer that the API server can give without its engine (401, 404, a 500 while healthy), or none could be asked for.
 */
export type ProbeOutcome = 'Pending' | 'Answered' | 'Silent' | 'Refused' | 'Paused' | 'Inconclusive';

export interface ProbeRecord {
  readonly sentAtMs: number;
  /** Absent while it is under way. */
  readonly endedAtMs?: number;
  readonly outcome: ProbeOutcome;
  /** What was answered, or how long was waited, for people. */
  readonly message: string;
}
