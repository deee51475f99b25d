import type { Action } from '../../fleet/plan.ts';

/** What an action did, for the log. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'Grow':
      return `scaled ${action.replicaSet} from ${action.from} to ${action.to}`;
    case 'CancelOrders':
      return `scaled ${action.replicaSet} from ${action.from} to ${action.to}: no engine exists for the rest`;
    case 'WriteClaims':
      return `wrote ${action.claims.length} claims, ${action.begun.length} of them new, ${action.ended.length} are over`;
    case 'MarkDraining':
      return `took ${action.engine.name} out of the Service`;
    case 'MarkSuspect':
      return `took ${action.engine.name} out of the Service on a suspicion`;
    case 'MarkRemoving':
      return `made ${action.engine.name} the next that its ReplicaSet removes`;
    case 'ShrinkReplicaSet':
      return `scaled ${action.replicaSet} to ${action.to} to remove ${action.engine.name}`;
    case 'PutBack':
      return `put ${action.engine.name} back into the Service`;
    case 'Detach':
      return `took ${action.engine.name} out of its ReplicaSet, which makes another engine`;
    case 'Reattach':
      return `gave ${action.engine.name} back to its ReplicaSet`;
    case 'MarkStandIn':
      return `made ${action.engine.name}, which does not start, the next that its ReplicaSet removes`;
    case 'DeleteEngine':
      return `deleted ${action.engine.name}`;
    case 'Probe':
      return `asks ${action.engine.name} for a token: ${action.why}`;
    case 'CreateReplicaSet':
      return `created the ReplicaSet of revision ${action.revision} with ${action.replicas} engines`;
    case 'DeleteReplicaSet':
      return `deleted the old ReplicaSet ${action.name}`;
    case 'ApplyService':
      return 'wrote the Service';
    case 'ApplyPodDisruptionBudget':
      return 'wrote the PodDisruptionBudget';
  }
}
