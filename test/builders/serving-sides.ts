import { compareRevisions, type Comparison } from '../../src/disruption/comparison/compare-revisions.ts';
import type { ComparisonMemory } from '../../src/disruption/comparison/memory.ts';
import type { Side } from '../../src/disruption/comparison/tally.ts';
import type { EngineSample, Histogram, HistogramName } from '../../src/engine/sample.ts';
import { TIME_TO_FIRST_TOKEN_BUCKETS, tokenCountBuckets } from '../../src/simulator/model/buckets.ts';
import { observed, pageOf } from './pages.ts';

const MINUTE = 60_000;
const PASS_MS = 5000;

/** What an engine does in a minute. */
export interface Minute {
  readonly requests: number;
  /** Of them, those that the engine ends with `error`. */
  readonly errors?: number;
  /** Answers with a 5xx; `undefined`: the page does not tell. */
  readonly failedOverHttp?: number | undefined;
  /** Seconds that each of them takes to its first token. */
  readonly ttft?: number;
  readonly promptTokens?: number;
}

/** One engine whose counters grow evenly. */
export class ServingEngine {
  readonly uid: string;
  readonly side: Side;
  minute: Minute;
  readyAtMs: number;
  /** Histograms that its page does not have. */
  hides: readonly HistogramName[] = [];
  /** Whether its page is to be had. */
  silent = false;
  processStartTimeSeconds: number | undefined;
  #done = nothing();

  constructor(uid: string, side: Side, readyAtMs: number, minute: Minute) {
    this.uid = uid;
    this.side = side;
    this.readyAtMs = readyAtMs;
    this.minute = minute;
  }

  serve(ms: number): void {
    const minutes = ms / MINUTE;
    const { requests, errors = 0, ttft = 0.3, promptTokens = 300 } = this.minute;
    const done = this.#done;
    done.requests += requests * minutes;
    done.errors += errors * minutes;
    done.failed += ('failedOverHttp' in this.minute ? (this.minute.failedOverHttp ?? NaN) : 0) * minutes;
    done.ttft.set(ttft, (done.ttft.get(ttft) ?? 0) + requests * minutes);
    done.prompts.set(promptTokens, (done.prompts.get(promptTokens) ?? 0) + requests * minutes);
  }

  /** All counters begin at zero. */
  restart(): void {
    this.#done = nothing();
  }

  page(): EngineSample {
    const { requests, errors, failed, ttft, prompts } = this.#done;
    return pageOf({
      requests: { stop: requests - errors, error: errors },
      ...(!Number.isNaN(failed) && { httpFailed: failed }),
      processStartTimeSeconds: this.processStartTimeSeconds,
      histograms: {
        ...(!this.hides.includes('ttft') && { ttft: histogram(TIME_TO_FIRST_TOKEN_BUCKETS, ttft) }),
        ...(!this.hides.includes('requestPromptTokens') && {
          requestPromptTokens: histogram(PROMPT_BUCKETS, prompts),
        }),
      },
    });
  }
}

const PROMPT_BUCKETS = tokenCountBuckets(8192);

function nothing() {
  const none = (): Map<number, number> => new Map();
  return { requests: 0, errors: 0, failed: 0, ttft: none(), prompts: none() };
}

function histogram(bounds: readonly number[], times: ReadonlyMap<number, number>): Histogram {
  return observed(bounds, ...[...times].map(([value, count]) => [count, value] as const));
}

/** Old and new engines that serve side by side, looked at every five seconds. */
export class ServingSides {
  nowMs = 100 * MINUTE;
  revision = 'new';
  memory: ComparisonMemory | undefined;
  readonly engines: ServingEngine[] = [];

  /** An engine that became ready `readyMinutesAgo` minutes ago and served since then. */
  add(side: Side, uid: string, minute: Minute, readyMinutesAgo = 60): ServingEngine {
    const engine = new ServingEngine(uid, side, this.nowMs - readyMinutesAgo * MINUTE, minute);
    engine.serve(readyMinutesAgo * MINUTE);
    this.engines.push(engine);
    return engine;
  }

  remove(engine: ServingEngine): void {
    this.engines.splice(this.engines.indexOf(engine), 1);
  }

  /** Serves for so many minutes. @returns what the last pass said */
  run(minutes: number): Comparison['verdict'] {
    let verdict = this.look();
    for (const endMs = this.nowMs + minutes * MINUTE; this.nowMs < endMs;) {
      this.nowMs += PASS_MS;
      for (const engine of this.engines) engine.serve(PASS_MS);
      verdict = this.look();
    }
    return verdict;
  }

  look(): Comparison['verdict'] {
    const engines = this.engines.map((engine) => ({
      uid: engine.uid,
      side: engine.side,
      readyAtMs: engine.readyAtMs,
      page: engine.silent ? undefined : { atMs: this.nowMs, sample: engine.page() },
    }));
    const { verdict, memory } = compareRevisions(
      { revision: this.revision, engines },
      this.memory,
      this.nowMs,
    );
    this.memory = memory;
    return verdict;
  }
}
