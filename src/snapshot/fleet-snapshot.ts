import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import type { SignalId } from '../signals/catalogue.ts';
import type { EngineSnapshot } from './engine-snapshot.ts';

/** A write of `spec.replicas` by somebody else, from the ReplicaSet's managedFields. */
export interface ForeignScale {
  readonly manager: string;
  readonly atMs: number;
}

/** The ReplicaSet of one revision. */
export interface ReplicaSetSnapshot {
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
  readonly createdAtMs: number;
  /** `spec.replicas`. */
  readonly replicas: number;
  /** Whether its controller has acted on that size. */
  readonly isSizeObserved: boolean;
  readonly scaledBy?: ForeignScale;
  /** Message of the ReplicaSet's `ReplicaFailure` condition: quota or admission refused a pod. */
  readonly failure?: string;
  /** Since when it has that condition; milliseconds since the epoch. */
  readonly failureSinceMs?: number;
}

/** How a child object stands to what it should be. */
export type ChildState = 'Current' | 'Differs' | 'Absent';

export interface ChildrenSnapshot {
  readonly service: ChildState;
  /** `Unwanted`: another PodDisruptionBudget already selects the engines. */
  readonly podDisruptionBudget: ChildState | 'Unwanted';
}

/** All that one pass may see of a fleet. Gathered once; everything after it is pure. */
export interface FleetSnapshot {
  readonly fleet: VLLMDeployment;
  /** Revision that is to serve. */
  readonly revision: string;
  /** Revision that the spec asks for: another one while it is rolled back. */
  readonly specRevision: string;
  readonly replicaSets: readonly ReplicaSetSnapshot[];
  readonly engines: readonly EngineSnapshot[];
  readonly children: ChildrenSnapshot;
  /** Why nothing can be done with this spec until a person mends it. */
  readonly stalled?: { readonly reason: string; readonly message: string };
  /** What this pass tried to write and could not, though a later try may. */
  readonly failure?: { readonly reason: string; readonly message: string };
  /** The vLLM version that the engines or the spec tell; absent while unknown. */
  readonly engineVersion?: string;
  /**
   * Signals over the last minute of all engines together; what no page tells is absent. Nothing is decided by them,
   * so they are gathered only for a status that is written.
   */
  readonly traffic?: Readonly<Partial<Record<SignalId, number>>>;
  /** 99th percentile of the time from a request's arrival to its end over the pages that are kept, in seconds. */
  readonly requestTimeP99Seconds?: number;
  /** Why what was learned of leaks may not outlive the operator; absent while it does. */
  readonly historyProblem?: string;
  /** Why nothing tells how much memory engines use; absent while something does, or may. */
  readonly memoryUnavailable?: string;
  /** HorizontalPodAutoscalers that aim at the fleet or at one of its ReplicaSets, by name. */
  readonly autoscalers: readonly string[];
}
