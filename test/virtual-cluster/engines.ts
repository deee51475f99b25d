import { pageOf } from '../builders/pages.ts';
import type { EngineSample } from '../../src/engine/sample.ts';

interface Process {
  readonly startedAtMs: number;
  /** When each request inside will have ended. */
  endsAtMs: readonly number[];
  finished: number;
}

/** The processes of the engines: what is inside each, and what its page tells. */
export class Engines {
  readonly #running = new Map<string, Process>();

  start(uid: string, nowMs: number): void {
    this.#running.set(uid, { startedAtMs: nowMs, endsAtMs: [], finished: 0 });
  }

  /** The process ends; how many requests were inside. */
  stop(uid: string): number {
    const inside = this.inside(uid);
    this.#running.delete(uid);
    return inside;
  }

  startedAtMs(uid: string): number | undefined {
    return this.#running.get(uid)?.startedAtMs;
  }

  /** A request arrives that takes so long; false when nobody answers. */
  send(uid: string, nowMs: number, seconds: number): boolean {
    const engine = this.#running.get(uid);
    if (engine === undefined) return false;
    engine.endsAtMs = [...engine.endsAtMs, nowMs + seconds * 1000];
    return true;
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
    if (engine === undefined) return undefined;
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
