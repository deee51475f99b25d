import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineModel } from '../model/engine-model.ts';
import { ApiServer } from './api-server.ts';
import { EngineLoop } from './engine-loop.ts';
import { EngineFaults } from './engine-faults.ts';
import { devRoutes, faultRoutes } from './fault-routes.ts';
import { GenerationService } from './generation.ts';
import { HttpMetrics } from './http-metrics.ts';
import { LeakedMemory } from './leaked-memory.ts';
import { MetricsPage } from './metrics-page.ts';
import type { ServeArgs } from './serve-args.ts';

/** Resident memory of a real API server without load, bytes; the engine's own process is not on the page. */
const BASE_RESIDENT_BYTES = 993_976_320;
/** Of a real engine on a CPU, API server and engine core together: about 2 GB. */
const BASE_WORKING_SET_BYTES = 2_000_000_000;

/** What a real API server has used by the time it is up, and uses on while it idles. */
const STARTUP_CPU_SECONDS = 19.3;
const CPU_SECONDS_PER_SECOND = 0.02;

const LISTEN_RETRY_MS = 100;

const KILLED = 137;
/** Python's code for an interrupt that nothing catches; vLLM raises one at a SIGTERM while it loads. */
const INTERRUPTED = 130;

export interface EngineExit {
  readonly exitCode: number;
  /** What it would have written to stderr last, when that says why. */
  readonly message?: string;
}

export interface EngineFigures {
  readonly running: number;
  readonly waiting: number;
  /** 0..1. */
  readonly kvCacheUsage: number;
  readonly finishedRequests: number;
  readonly rejectedRequests: number;
  readonly preemptions: number;
  readonly promptTokens: number;
  readonly generationTokens: number;
  /** Steps with output. */
  readonly steps: number;
  /** Generation requests whose answer has not ended, those of a dead engine included. */
  readonly inFlight: number;
  /** Of the API server's process, as the page says. */
  readonly residentBytes: number;
  /** Of all processes of the container. */
  readonly workingSetBytes: number;
}

type Phase = 'Starting' | 'Serving' | 'Draining' | 'Closing' | 'Exited';

/** One `vllm serve` process: closed port while it loads, then serving, then one of the ways to end. */
export class EngineProcess {
  readonly ready: Promise<void>;
  readonly exited: Promise<EngineExit>;
  readonly faults: EngineFaults;
  readonly #args: ServeArgs;
  readonly #model: EngineModel;
  readonly #loop: EngineLoop;
  readonly #api: ApiServer;
  readonly #memory: LeakedMemory;
  readonly #startedMs = performance.now();
  readonly #starting = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<EngineExit>();
  #phase: Phase = 'Starting';
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(args: ServeArgs, vllmVersion: string) {
    this.#args = args;
    this.ready = this.#ready.promise;
    this.exited = this.#exited.promise;
    this.#model = new EngineModel(args.engine);
    this.#loop = new EngineLoop(this.#model);
    this.#memory = new LeakedMemory(() => ({
      requests: this.#finishedRequests(),
      steps: this.#model.stats.iterationTokens.count,
      ms: performance.now(),
    }));
    const startTimeSeconds = Date.now() / 1000;
    const createdSeconds = startTimeSeconds + args.startupSeconds;
    const http = new HttpMetrics(createdSeconds);
    const page = new MetricsPage({
      args,
      vllmVersion,
      stats: this.#model.stats,
      http,
      createdSeconds,
      process: {
        startTimeSeconds,
        residentBytes: () => this.#residentBytes(),
        cpuSeconds: () => {
          const upSeconds = (performance.now() - this.#startedMs) / 1000;
          return STARTUP_CPU_SECONDS + upSeconds * CPU_SECONDS_PER_SECOND;
        },
      },
    });
    const generation = new GenerationService(args, this.#loop, vllmVersion);
    const onRequestEnd = (): void => this.#requestEnded();
    this.#api = new ApiServer({ args, vllmVersion, generation, page, http, onRequestEnd });
    this.faults = new EngineFaults({
      model: this.#model,
      loop: this.#loop,
      api: this.#api,
      memory: this.#memory,
    });
    for (const fault of args.faults) this.faults.begin(fault);
    if (args.faultControl) this.#api.addRoutes(faultRoutes(this.faults));
    if (args.devMode) this.#api.addRoutes(devRoutes(this.faults));
  }

  /**
   * Loads for the start-up seconds, then opens the port, in at most `attempts` tries a tenth of a second apart.
   * Ends by itself with code 1 if it cannot.
   */
  async load(host: string, port: number, attempts: number): Promise<void> {
    const { signal } = this.#starting;
    try {
      await sleep(this.#args.startupSeconds * 1000, undefined, { signal });
      await this.#listen(host, port, attempts, signal);
    } catch (error) {
      if (this.#phase === 'Starting') this.#exit({ exitCode: 1, message: String(error) });
      return;
    }
    if (this.#phase !== 'Starting') return;
    this.#phase = 'Serving';
    this.#ready.resolve();
  }

  /**
   * SIGTERM. While loading: the end. Without `--shutdown-timeout`: the engine dies at once and its clients hang.
   * With it: new requests get 500, those in the engine go on until all are done or the time is over. Once only:
   * vLLM ignores a second signal.
   */
  terminate(): void {
    if (this.#phase === 'Starting') return this.#end(INTERRUPTED);
    if (this.#phase !== 'Serving') return;
    const timeoutMs = this.#args.shutdownTimeoutSeconds * 1000;
    if (timeoutMs <= 0 || this.#api.inFlight === 0) return this.#close();
    this.#phase = 'Draining';
    this.#api.draining = true;
    this.#drainTimer = setTimeout(() => this.#close(), timeoutMs);
  }

  /** SIGKILL. */
  kill(): void {
    this.#end(KILLED);
  }

  /** The process ends by its own fault; connections are reset. */
  crash(exitCode: number): void {
    this.#end(exitCode);
  }

  figures(): EngineFigures {
    const { stats } = this.#model;
    return {
      running: stats.running,
      waiting: stats.waiting,
      kvCacheUsage: stats.kvCacheUsage,
      finishedRequests: this.#finishedRequests(),
      rejectedRequests: stats.rejectedByQueueLimit + stats.rejectedByTokenLimit,
      preemptions: stats.preemptions,
      promptTokens: stats.promptTokens,
      generationTokens: stats.generationTokens,
      steps: stats.iterationTokens.count,
      inFlight: this.#api.inFlight,
      residentBytes: this.#residentBytes(),
      workingSetBytes:
        BASE_WORKING_SET_BYTES + this.#memory.bytes('ApiServer') + this.#memory.bytes('EngineCore'),
    };
  }

  async #listen(host: string, port: number, attempts: number, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#api.listen(host, port, signal);
        return;
      } catch (error) {
        if (attempt === attempts || signal.aborted) throw error;
        await sleep(LISTEN_RETRY_MS, undefined, { signal });
      }
    }
  }

  #requestEnded(): void {
    if (this.#phase === 'Draining' && this.#api.inFlight === 0) this.#close();
  }

  /** No new connections, no more tokens; the process lives until the last client has gone. */
  #close(): void {
    if (this.#phase === 'Closing' || this.#phase === 'Exited') return;
    this.#phase = 'Closing';
    clearTimeout(this.#drainTimer);
    this.#loop.stop();
    this.#api.close(() => this.#exit({ exitCode: 0 }));
  }

  #end(exitCode: number): void {
    this.#starting.abort();
    clearTimeout(this.#drainTimer);
    this.#loop.stop();
    this.#api.destroy();
    this.#exit({ exitCode });
  }

  #exit(exit: EngineExit): void {
    this.#phase = 'Exited';
    this.#exited.resolve(exit);
  }

  #finishedRequests(): number {
    const { finished } = this.#model.stats;
    return finished.stop + finished.length + finished.error;
  }

  #residentBytes(): number {
    return BASE_RESIDENT_BYTES + this.#memory.bytes('ApiServer');
  }
}
