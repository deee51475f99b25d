import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import {
  DRAINING_DELETION_COST,
  markOf,
  releasedMarkOf,
  REMOVING_DELETION_COST,
} from '../../src/disruption/marks.ts';
import type { ClaimStep, DisruptionView } from '../../src/disruption/steps.ts';
import type { Action } from '../../src/fleet/plan.ts';
import type { TimedSample } from '../../src/signals/history.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../../src/snapshot/fleet-snapshot.ts';
import { inSeconds, NOW, secondsAgo } from './engines.ts';
import { fleet } from './fleets.ts';
import { idlePage } from './world.ts';
import { NOBODY_SICK } from '../../src/disruption/sick.ts';

/** A claim on the engine that was made a minute ago, by default to shrink the fleet, with a minute to go. */
export function claimOn(engine: EngineSnapshot, overrides: Partial<Disruption> = {}): Disruption {
  return {
    victimUID: engine.uid,
    engine: engine.name,
    command: 'Shrink',
    cause: 'ScaleDown',
    revision: engine.revision,
    step: 'Claimed',
    claimedAt: new Date(secondsAgo(60)).toISOString(),
    deadline: new Date(inSeconds(60)).toISOString(),
    ...overrides,
  };
}

/** The fleet `chat` with these claims in its status. */
export function claiming(...claims: readonly Disruption[]): VLLMDeployment {
  return fleetWith({}, claims);
}

/** The fleet `chat` with these fields in its spec and these claims in its status. */
export function fleetWith(
  spec: Readonly<Record<string, unknown>>,
  claims: readonly Disruption[],
  status: Readonly<Record<string, unknown>> = {},
): VLLMDeployment {
  return fleet(spec, { ...status, disruptions: claims });
}

/** The engine as the claim has marked it. */
export function markedBy(
  engine: EngineSnapshot,
  claim: Disruption,
  overrides: Partial<EngineSnapshot> = {},
): EngineSnapshot {
  return {
    ...engine,
    serving: 'draining',
    isListed: false,
    deletionCost: DRAINING_DELETION_COST,
    claim: markOf(claim),
    ...overrides,
  };
}

/** The engine as the last step before its removal leaves it. */
export function aboutToGo(engine: EngineSnapshot, claim: Disruption): EngineSnapshot {
  return { ...markedBy(engine, claim, EMPTY), deletionCost: REMOVING_DELETION_COST };
}

/** The engine after the claim was given up. */
export function releasedFrom(engine: EngineSnapshot, claim: Disruption): EngineSnapshot {
  return { ...engine, claim: releasedMarkOf(claim) };
}

/** Half a minute of pages that show no request, and that none came. */
const QUIET_PAGES: readonly TimedSample[] = [30, 25, 20, 15, 10, 5, 0].map((seconds) =>
  idlePage(secondsAgo(seconds)),
);

/** What proves an engine to be empty that was unlisted longer ago than it has to settle. */
export const EMPTY: Partial<EngineSnapshot> = { recentPages: QUIET_PAGES };

/** For each of these engines that drains: out of the EndpointSlices for half a minute. */
export function unlisted(
  ...engines: readonly EngineSnapshot[]
): ReadonlyMap<string, { readonly unlistedSinceMs: number }> {
  return new Map(engines.map(({ uid }) => [uid, { unlistedSinceMs: secondsAgo(30) }]));
}

/** What a step of a claim sees: by default all that drain have been unlisted for half a minute. */
export function viewOf(snapshot: FleetSnapshot, overrides: Partial<DisruptionView> = {}): DisruptionView {
  return {
    snapshot,
    desired: snapshot.replicaSets.reduce((sum, { replicas }) => sum + replicas, 0),
    watches: unlisted(...snapshot.engines.filter(({ isListed }) => !isListed)),
    removing: new Set(),
    markedNow: new Set(),
    sick: NOBODY_SICK,
    nowMs: NOW,
    ...overrides,
  };
}

/** A step in short: what is done, waited for, or how the claim ends; deadlines in seconds from now. */
export function stepInShort(step: ClaimStep): string {
  switch (step.kind) {
    case 'Wait':
      return `Wait: ${step.message}`;
    case 'Act':
      return `${inShort(step.action)}: ${step.message}`;
    case 'End':
      return `${step.outcome}: ${step.message}`;
    case 'Update': {
      const { step: next, deadline, toReplicas, cut, strategy, message } = step.claim;
      const parts = [
        `to ${next} for ${(Date.parse(deadline) - NOW) / 1000} s`,
        ...(strategy === undefined ? [] : [strategy]),
        ...(toReplicas === undefined ? [] : [`${toReplicas} replicas`]),
        ...(cut === undefined ? [] : [`${cut} cut`]),
        ...(message === undefined ? [] : [message]),
      ];
      return parts.join(', ');
    }
  }
}

/** An action in short: what happens to whom. */
export function inShort(action: Action): string {
  switch (action.kind) {
    case 'CreateReplicaSet':
      return `create ${action.revision} with ${action.replicas}`;
    case 'Grow':
    case 'CancelOrders':
      return `${action.kind} ${action.replicaSet} ${action.from} → ${action.to}`;
    case 'WriteClaims':
      return `WriteClaims: ${action.claims.map(claimInShort).join(', ')}`;
    case 'ShrinkReplicaSet':
      return `${action.kind} ${action.replicaSet} to ${action.to} for ${action.engine.name}`;
    case 'Probe':
      return `Probe ${action.engine.name}`;
    case 'DeleteReplicaSet':
      return `delete ${action.name}`;
    case 'DeleteEngine':
      return `${action.kind} ${action.engine.name}${action.graceSeconds === undefined ? '' : ` within ${action.graceSeconds} s`}`;
    case 'MarkSuspect':
    case 'MarkDraining':
    case 'MarkRemoving':
    case 'MarkStandIn':
    case 'PutBack':
    case 'Detach':
    case 'Reattach':
      return `${action.kind} ${action.engine.name}`;
    case 'ApplyService':
    case 'ApplyPodDisruptionBudget':
      return action.kind;
  }
}

export function claimInShort({ command, engine, cause, step, strategy }: Disruption): string {
  const how = strategy === undefined ? '' : ` ${strategy}`;
  return `${command} ${engine} (${cause}) ${step}${how}`;
}
