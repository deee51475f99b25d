import { pageOf } from '../builders/pages.ts';
import type { EngineSample } from '../../src/engine/sample.ts';

interface Process {
  readonly startedAtMs: number;
  /** Whether it takes requests: not while it loads its model. */
  isOpen: boolean;
  /** When each request inside will have ended. */
  endsAtMs: readonly number[];
  finished: number;
}

/** The processes of the engines: what is inside each, and what its page tells. */
export class Engines {
  readonly #running = new Map<string, Process>();

  start(uid: string, nowMs: number): void {
    this.#running.set(uid, { startedAtMs: nowMs, isOpen: false, endsAtMs: [], finished: 0 });
  }

  /** It has loaded its model. */
  open(uid: string): void {
    const engine = this.#running.get(uid);
    if (engine !== undefined) engine.isOpen = true;
  }

  /** The process ends, with all that is inside. */
  stop(uid: string): void {
    this.#running.delete(uid);
  }

  startedAtMs(uid: string): number | undefined {
    return this.#running.get(uid)?.startedAtMs;
  }

  /** A request arrives that takes so long; refused where nobody listens. */
  send(uid: string, nowMs: number, seconds: number): void {
    const engine = this.#running.get(uid);
    if (engine?.isOpen === true) engine.endsAtMs = [...engine.endsAtMs, nowMs + seconds * 1000];
  }

  inside(uid: string): number {
    return this.#running.get(uid)?.endsAtMs.length ?? 0;
  }

  /** Ends all requests whose time has come. */
  step(nowMs: number): void {
    for (const engine of this.#running.values()) {
      const left = engine.endsAtMs.filter((atMs) => atMs > nowMs);
      engine.finished += engine.endsAtMs.length - left.length;
      engine.endsAtMs = left;
    }
  }

  /** What the metrics page says; undefined when nobody answers. */
  page(uid: string): EngineSample | undefined {
    const engine = this.#running.get(uid);
    if (engine?.isOpen !== true) return undefined;
    const { startedAtMs, endsAtMs, finished } = engine;
    return pageOf({
      running: endsAtMs.length,
      waiting: 0,
      kvCacheUsage: Math.min(1, endsAtMs.length / 100),
      promptTokens: 100 * (finished + endsAtMs.length),
      requests: { stop: finished },
      httpAnswered: finished,
      processStartTimeSeconds: startedAtMs / 1000,
    });
  }
}
