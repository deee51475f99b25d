import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineAction } from '../disruption/steps.ts';
import type { SizeChange } from '../scaling/types.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { EndedClaim } from './plan-disruptions.ts';

/**
 * What a pass does, as data. Each action carries what it expects to find, so that the executor can look at the
 * live objects just before it acts, and leave it when the world has moved on.
 */
export type Action =
  | { readonly kind: 'ApplyService' }
  | { readonly kind: 'ApplyPodDisruptionBudget' }
  | { readonly kind: 'CreateReplicaSet'; readonly revision: string; readonly replicas: number }
  | {
      readonly kind: 'Grow';
      readonly replicaSet: string;
      readonly from: number;
      readonly to: number;
      readonly change?: FleetChange;
    }
  /** Takes back orders that no engine exists for; nothing is removed. */
  | {
      readonly kind: 'CancelOrders';
      readonly replicaSet: string;
      readonly from: number;
      readonly to: number;
      readonly change?: FleetChange;
    }
  /** Writes the list of claims: what was begun, went a step on, or ended, and how. */
  | {
      readonly kind: 'WriteClaims';
      readonly claims: readonly Disruption[];
      readonly begun: readonly Disruption[];
      readonly ended: readonly EndedClaim[];
      /** `status.disruptionHistory` with what has ended now. */
      readonly outcomes: readonly string[];
      readonly change?: FleetChange;
    }
  /** Asks the engine for one token, to see whether it lives; waits for no answer. */
  | { readonly kind: 'Probe'; readonly engine: EngineSnapshot; readonly why: string; readonly rank?: number }
  | { readonly kind: 'DeleteReplicaSet'; readonly name: string; readonly uid: string }
  | EngineAction;

/** The change of the fleet's size that an action carries out; absent on the surge of a roll-out and its end. */
export type FleetChange = Pick<SizeChange, 'from' | 'to'>;
