import type { EngineSample } from '../../engine/sample.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { EngineModelConfig } from '../model/engine-config.ts';

import type { PromptPrefix } from '../model/request.ts';

/** All times of a simulated fleet are virtual milliseconds from the start of the run. */
export interface FleetConfig {
  /** Of each data-parallel rank of each engine. */
  readonly engine: EngineModelConfig;
  readonly dataParallelSize: number;
  /** From the order of an engine until it is ready. */
  readonly startupMs: number;
  /** Engines that are ready at the start. */
  readonly initialSize: number;
  /** `Random`: any ready engine; `LessLoadedOfTwo`: the one of two random ones with fewer requests in flight. */
  readonly routing: 'Random' | 'LessLoadedOfTwo';
  /** Between two pages of each engine, and two decisions. */
  readonly intervalMs: number;
  /** A client without a first token gives up after it. */
  readonly abandonAfterMs: number;
  /** Decisions and replica-hours end here; requests that are under way by then are played to their end. */
  readonly durationMs: number;
  readonly seed: number;
}

/** A request on its way to the fleet. */
export interface FleetArrival {
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** What its prompt shares with others; of use with prefix caching. */
  readonly prefix?: PromptPrefix;
  /** LoRA adapter. */
  readonly adapter?: string;
}

/** What became of one request. */
export type RequestRecord =
  | {
      readonly outcome: 'Finished';
      readonly arrival: FleetArrival;
      readonly ttftMs: number;
      /** Mean time between two tokens; absent for an output of one token. */
      readonly tpotMs?: number;
      readonly e2eMs: number;
      readonly preemptions: number;
      /** Prompt tokens found in the prefix cache. */
      readonly cachedTokens: number;
    }
  /** No first token in time, or an engine that refused it (its queue was at its limit). */
  | { readonly outcome: 'Abandoned' | 'Refused'; readonly arrival: FleetArrival };

/** One engine at the time of a decision. */
export interface EngineView {
  readonly snapshot: EngineSnapshot;
  /** Its page; absent while it starts. */
  readonly sample?: EngineSample;
  /** Serves what it has and gets nothing more; not in the size. */
  readonly draining: boolean;
}

export interface FleetView {
  readonly nowMs: number;
  /** Engines ordered: starting and serving, without those that drain. */
  readonly size: number;
  readonly engines: readonly EngineView[];
}

/** Says which size the fleet shall have from now on. */
export type FleetPolicy = (view: FleetView) => number;

/** The fleet after one decision. */
export interface FleetTick {
  readonly atMs: number;
  readonly size: number;
  readonly ready: number;
  readonly draining: number;
  /** Requests in all engines in any phase. */
  readonly inFlight: number;
}

export interface FleetResult {
  /** One a request, in the order of arrival. */
  readonly records: readonly RequestRecord[];
  readonly ticks: readonly FleetTick[];
  /** Engines that existed, starting and draining ones included, over the duration of the run. */
  readonly replicaHours: number;
  /** Most engines at a time, starting and draining ones included. */
  readonly peakReplicas: number;
  /** Decisions that changed the size. */
  readonly sizeChanges: number;
}
