import type { SizeChange } from '../scaling/types.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';

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
  /** Makes the engine the one that the ReplicaSet removes next. */
  | { readonly kind: 'MarkVictim'; readonly engine: EngineSnapshot }
  | {
      readonly kind: 'RemoveVictim';
      readonly engine: EngineSnapshot;
      readonly replicaSet: string;
      readonly from: number;
      readonly change?: FleetChange;
    }
  | { readonly kind: 'UnmarkEngine'; readonly engine: EngineSnapshot; readonly replicaSet: string }
  | { readonly kind: 'DeleteReplicaSet'; readonly name: string; readonly uid: string };

/** The change of the fleet's size that an action carries out; absent on the surge of a roll-out and its end. */
export type FleetChange = Pick<SizeChange, 'from' | 'to'>;
