import { pageOf } from '../builders/pages.ts';
import type { EngineSample } from '../../src/engine/sample.ts';

interface Process {
  readonly startedAtMs: number;
  /** Whether it takes requests: not while it loads its model. */
  isOpen: boolean;
  /** When each request inside will have ended. */
  endsAtMs: readonly number[];
  finished: number;
  /** Steps of its engine core. */
  steps: number;
  /** What its page has said since its engine core stands still, if it does. */
  frozen: EngineSample | undefined;
}

const STEPS_A_SECOND = 20;

/** The processes of the engines: what is inside each, and what its page tells. */
export class Engines {
  readonly #running = new Map<string, Process>();

  start(uid: string, nowMs: number): void {
    this.#running.set(uid, {
      startedAtMs: nowMs,
      isOpen: false,
      endsAtMs: [],
      finished: 0,
      steps: 0,
      frozen: undefined,
    });
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

  /**
   * Its engine core stops in the midst of a request, which makes one where there is none: it goes on to be ready, takes
   * requests and answers none, and its page says the same for ever.
   */
  wedge(uid: string): void {
    const engine = this.#running.get(uid);
    if (engine?.isOpen !== true || engine.frozen !== undefined) return;
    if (engine.endsAtMs.length === 0) engine.endsAtMs = [Infinity];
    engine.frozen = pageOfProcess(engine);
  }

  /** It goes on, with all that it holds. */
  unwedge(uid: string, nowMs: number): void {
    const engine = this.#running.get(uid);
    if (engine?.frozen === undefined) return;
    engine.frozen = undefined;
    engine.endsAtMs = engine.endsAtMs.map((atMs) => Math.min(atMs, nowMs));
  }

  isWedged(uid: string): boolean {
    return this.#running.get(uid)?.frozen !== undefined;
  }

  inside(uid: string): number {
    return this.#running.get(uid)?.endsAtMs.length ?? 0;
  }

  /** Ends all requests whose time has come. */
  step(nowMs: number): void {
    for (const engine of this.#running.values()) {
      if (engine.frozen !== undefined) continue;
      if (engine.endsAtMs.length > 0) engine.steps += STEPS_A_SECOND;
      const left = engine.endsAtMs.filter((atMs) => atMs > nowMs);
      engine.finished += engine.endsAtMs.length - left.length;
      engine.endsAtMs = left;
    }
  }

  /** What the metrics page says; undefined when nobody answers. */
  page(uid: string): EngineSample | undefined {
    const engine = this.#running.get(uid);
    if (engine?.isOpen !== true) return undefined;
    return engine.frozen ?? pageOfProcess(engine);
  }
}

function pageOfProcess({ startedAtMs, endsAtMs, finished, steps }: Process): EngineSample {
  return pageOf({
    running: endsAtMs.length,
    waiting: 0,
    kvCacheUsage: Math.min(1, endsAtMs.length / 100),
    steps,
    promptTokens: 100 * (finished + endsAtMs.length),
    generationTokens: steps,
    requests: { stop: finished },
    httpAnswered: finished,
    processStartTimeSeconds: startedAtMs / 1000,
  });
}
