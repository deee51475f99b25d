import { SERVING } from '../api/v1alpha1/constants.ts';
import type { EngineSample } from '../engine/sample.ts';
import type { EngineHistory, TimedSample } from '../signals/history.ts';
import type { ProbeRecord } from './probe-record.ts';

/**
 * What a decision may see of one engine.
 *
 * - `Pending`: not yet on a node.
 * - `Loading`: on a node, the start-up probe has not passed: capacity to come.
 * - `Ready`: passes its readiness probe.
 * - `Unready`: had started, fails its readiness probe now.
 * - `Terminating`: has a deletion timestamp; no decision counts it.
 */
export type EngineLifecycle = 'Pending' | 'Loading' | 'Ready' | 'Unready' | 'Terminating';

/** The load that one page told. What the page did not say is absent, never 0. */
export interface EngineLoad {
  /** When the page was read, milliseconds since the epoch. */
  readonly atMs: number;
  /** Requests in the running batch. */
  readonly running?: number;
  /** Requests that wait for a seat or for KV blocks, where the engine says why they wait; else all that wait. */
  readonly waiting?: number;
  /** Requests that wait for something else: an adapter, a grammar, KV blocks from elsewhere. */
  readonly deferred?: number;
  /** Share of the KV cache held by live requests, 0 to 1; the worst rank's. */
  readonly kvCacheUsage?: number;
  /** The page itself, for figures over time. */
  readonly sample?: EngineSample;
}

/**
 * What is known of an engine's load now. `lastLoad` is what a silent engine carried when it was last heard,
 * kept only while it still says something about the present (DESIGN: 60 s, and only if it was loaded).
 */
export type PageState =
  | { readonly state: 'Fresh'; readonly load: EngineLoad }
  | {
      readonly state: 'Missing';
      /** `FirstPageAwaited`: it became ready a moment ago, and silence says nothing yet. */
      readonly reason: 'FirstPageAwaited' | 'NoPageYet' | 'PageTooOld';
      readonly message: string;
      readonly lastLoad?: EngineLoad;
    };

/** Why an engine that should run does not: from its container's state, e.g. CrashLoopBackOff. */
export interface EngineTrouble {
  readonly reason: string;
  readonly message: string;
}

/** The engine's container, as the kubelet tells. Times in milliseconds since the epoch. */
export interface ContainerSnapshot {
  readonly isRunning: boolean;
  /** When the container that runs now was started. */
  readonly startedAtMs?: number;
  /** Its start-up probe has passed. */
  readonly hasStarted: boolean;
  /** `limits.memory` in bytes. */
  readonly memoryLimitBytes?: number;
  /** How it ended the last time. */
  readonly lastEnd?: {
    readonly reason: string;
    readonly exitCode: number;
    readonly atMs?: number;
    /** The last lines that it wrote, where the kubelet keeps them. */
    readonly message?: string;
  };
}

/** Memory in use by the engine's container, and what there is of it. */
export interface MemorySnapshot {
  /** When it was measured, milliseconds since the epoch. */
  readonly atMs: number;
  /** The container's working set, page cache in use included; `metrics.k8s.io`. */
  readonly workingSetBytes: number;
  /** Allocatable memory of its node, read where the container has no limit. */
  readonly nodeAllocatableBytes?: number;
}

/** One engine (a pod), as the decision sees it. */
export interface EngineSnapshot {
  readonly uid: string;
  readonly name: string;
  readonly revision: string;
  readonly replicaSet: string;
  readonly resourceVersion: string;
  readonly nodeName?: string;
  readonly lifecycle: EngineLifecycle;
  /** `status.phase` of the pod. */
  readonly phase?: string;
  readonly createdAtMs: number;
  /** When a node was found for it; absent while there is none. */
  readonly scheduledAtMs?: number;
  /** When it became Ready, if it is Ready now. */
  readonly readyAtMs?: number;
  /** Since when it is not Ready, as the kubelet tells; absent while it is Ready, and before the kubelet has said so. */
  readonly unreadySinceMs?: number;
  /** The scheduler's sentence while no node takes the pod. */
  readonly unschedulable?: string;
  readonly trouble?: EngineTrouble;
  /** How its container ended the last time, if it did. */
  readonly lastExit?: string;
  /** Container restarts so far. */
  readonly restarts: number;
  /** False while the engine is taken out of its ReplicaSet, so that another one is made in its place. */
  readonly isMember: boolean;
  /** Value of the label by which the Service selects: `true`, `draining`, or what somebody else made of it. */
  readonly serving?: string;
  /** Whether an EndpointSlice of the fleet's Service names it as ready: clients are still sent there. */
  readonly isListed: boolean;
  /** `controller.kubernetes.io/pod-deletion-cost`, when set. */
  readonly deletionCost?: number;
  /** The claim that marked it, by its time (RFC 3339); stays after the claim is released. */
  readonly claim?: string;
  /** Labels that the mark took off or changed, with the values to put back. */
  readonly drainedLabels?: Readonly<Record<string, string>>;
  /** When an engine that is Terminating is to be gone at the latest; milliseconds since the epoch. */
  readonly endsByMs?: number;
  /** Seconds that an engine which is Terminating has from its deletion to its end. */
  readonly deletionGraceSeconds?: number;
  /** The pages of the last minutes, oldest first; only of an engine that is out of the Service. */
  readonly recentPages?: readonly TimedSample[];
  readonly page: PageState;
  /** All pages that are kept, about a quarter of an hour, and the last failure to read one. */
  readonly history?: EngineHistory;
  readonly container?: ContainerSnapshot;
  /** Absent while nothing tells it. */
  readonly memory?: MemorySnapshot;
  /** The last time that a token was asked for to see whether it lives. */
  readonly probe?: ProbeRecord;
}

/** Whether requests are sent to the engine. */
export function isServing({ lifecycle, serving }: EngineSnapshot): boolean {
  return lifecycle === 'Ready' && serving === SERVING.true;
}

/** Whether the engine is one to count on: not on its way out, and not being drained. */
export function isStaying({ lifecycle, serving }: EngineSnapshot): boolean {
  return lifecycle !== 'Terminating' && serving !== SERVING.draining;
}

/** Whether a ready engine has been silent for so long that something is wrong. */
export function isSilent({ lifecycle, page }: EngineSnapshot): boolean {
  return lifecycle === 'Ready' && page.state === 'Missing' && page.reason !== 'FirstPageAwaited';
}
