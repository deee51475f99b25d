import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { DemandMemory } from './demand/memory.ts';

/** One policy in the words of `autoscaling/v2`: at most `value` pods or percent within `periodSeconds`. */
export interface RatePolicy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}

/** Rules for one direction, in the words of `autoscaling/v2`. */
export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly RatePolicy[];
}

/** Bounds that take over whenever `cron` matches in `timeZone` (a name of the IANA database). */
export interface ScalingSchedule {
  readonly cron: string;
  readonly timeZone: string;
  /** Absent: that of the settings, and likewise `maxReplicas`. */
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
}

/** Latency that the fleet owes each request, milliseconds. */
export interface LatencyPromise {
  readonly ttftMs: number;
  readonly interTokenMs: number;
}

/** What the user asked of the size of the fleet, defaults filled in. */
export interface ScalingSettings {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly mode: 'Auto' | 'Advisory' | 'Paused';
  readonly targets: {
    /** Waiting requests an engine may have. */
    readonly queueDepth: number;
    /** Share of the KV cache in use, 0 to 1. */
    readonly kvCacheUsage: number;
  };
  readonly schedules: readonly ScalingSchedule[];
  readonly promise: LatencyPromise;
  /** `--max-num-seqs`, where the user gave it. */
  readonly maxNumSeqs?: number;
  readonly behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules };
  /** Seconds after which an engine that never became Ready is not counted as capacity to come. */
  readonly startupTimeoutSeconds: number;
}

/** A floor that a person set by hand (`kubectl scale`), while it holds. */
export interface ManualFloor {
  readonly replicas: number;
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
}

export interface ScalingInput {
  /** Engines ordered now: the ReplicaSets' `spec.replicas`. */
  readonly current: number;
  readonly engines: readonly EngineSnapshot[];
  /** What is learned of an engine's capacity holds for engines of one revision. */
  readonly revision: string;
  readonly settings: ScalingSettings;
  readonly manualFloor?: ManualFloor;
}

/** A change of size that was carried out. */
export interface SizeChange {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
}

/** The load that an engine was seen to carry in time. */
export interface LearnedLoad {
  /** What it holds for: a revision and its latency targets. */
  readonly subject: string;
  /** Work per second, in prompt tokens. */
  readonly load: number;
}

/** What the decider remembers from pass to pass; lost with the leader, except `changes` (kept in status). */
export interface ScalingMemory {
  readonly demand: DemandMemory;
  /** When this leader began to watch the fleet. */
  readonly watchingSinceMs: number;
  /** For each size that was recommended: when it last was. At most `maxReplicas` entries. */
  readonly recommendedAtMs: ReadonlyMap<number, number>;
  readonly changes: readonly SizeChange[];
}

/** What one signal asks for. A signal that has nothing to say abstains. */
export type Proposal =
  | {
      readonly signal: string;
      readonly kind: 'Size';
      readonly size: number;
      readonly reason: string;
      readonly message: string;
    }
  | { readonly signal: string; readonly kind: 'Abstain'; readonly reason: string; readonly message: string };

/** One limit that moved the size away from what was proposed. */
export interface Limit {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  readonly from: number;
  readonly to: number;
}

/** The outcome over all proposals and limits. */
export interface SizeDecision {
  readonly action: 'Grow' | 'Shrink' | 'Hold';
  readonly current: number;
  readonly desired: number;
  /** False when the decision is only advice (`mode: Advisory`). */
  readonly carriedOut: boolean;
  readonly reason: string;
  readonly message: string;
  readonly inputs: SizeInputs;
  readonly proposals: readonly Proposal[];
  readonly limits: readonly Limit[];
  /** What would change this decision, in one sentence. */
  readonly wouldChange: string;
  /** Why no number of engines keeps the latency targets. */
  readonly unreachable?: string;
  /** What is known of an engine's capacity, for the next leader. */
  readonly learned?: LearnedLoad;
}

/** The figures that the decision was made from. */
export interface SizeInputs {
  readonly ready: number;
  readonly starting: number;
  readonly missing: number;
  /** Sums over the engines that say so; absent when none does. */
  readonly waiting?: number;
  readonly deferred?: number;
  readonly running?: number;
  /** Mean over the engines that say so, 0 to 1; absent when none does. */
  readonly kvCacheUsage?: number;
}
