import type { Disruption, DISRUPTION_OUTCOMES } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { SickEngines } from './sick.ts';

/** One write on an engine or its ReplicaSet, for a claim that stands in the status. */
export type EngineAction =
  /** Takes the engine out of the Service, and makes it the next that its ReplicaSet would remove. */
  | { readonly kind: 'MarkDraining'; readonly engine: EngineSnapshot; readonly claim: Disruption }
  /** Takes the engine out of the Service while it is suspected. */
  | { readonly kind: 'MarkSuspect'; readonly engine: EngineSnapshot; readonly claim: Disruption }
  /** Makes it the very first of those that drain. */
  | { readonly kind: 'MarkRemoving'; readonly engine: EngineSnapshot }
  /** Tells the ReplicaSet to have one engine less: this one. */
  | {
      readonly kind: 'ShrinkReplicaSet';
      readonly engine: EngineSnapshot;
      readonly replicaSet: string;
      readonly to: number;
    }
  /** Takes every mark off; absent claim: a mark that nobody stands behind. */
  | { readonly kind: 'PutBack'; readonly engine: EngineSnapshot; readonly claim?: Disruption }
  /** Takes the engine out of its ReplicaSet, which makes another one; it goes on serving. */
  | { readonly kind: 'Detach'; readonly engine: EngineSnapshot; readonly claim: Disruption }
  /** Gives it back to its ReplicaSet. */
  | { readonly kind: 'Reattach'; readonly engine: EngineSnapshot; readonly claim: Disruption }
  /** Makes an engine that has not become ready the one that its ReplicaSet removes when it has one too many. */
  | { readonly kind: 'MarkStandIn'; readonly engine: EngineSnapshot }
  | { readonly kind: 'DeleteEngine'; readonly engine: EngineSnapshot; readonly graceSeconds?: number };

export type EndOfClaim = (typeof DISRUPTION_OUTCOMES)[number];

/** What a claim comes to in this pass. */
export type ClaimStep =
  | { readonly kind: 'Wait'; readonly message: string }
  /** The claim goes on to its next step: written before anything of that step is done. */
  | { readonly kind: 'Update'; readonly claim: Disruption }
  | { readonly kind: 'Act'; readonly action: EngineAction; readonly message: string }
  | { readonly kind: 'End'; readonly outcome: EndOfClaim; readonly message: string };

/** All that the steps of claims depend on. Times are milliseconds since the epoch. */
export interface DisruptionView {
  readonly snapshot: FleetSnapshot;
  /** Engines that the fleet is to have. */
  readonly desired: number;
  /** By uid of an engine that drains: when it was first seen to be in no EndpointSlice. */
  readonly watches: ReadonlyMap<string, { readonly unlistedSinceMs: number }>;
  /** Revisions whose ReplicaSet has a removal under way: a second one would make the victim uncertain. */
  readonly removing: ReadonlySet<string>;
  /** Engines that an earlier claim takes out of the Service in this very pass. */
  readonly markedNow: ReadonlySet<string>;
  /** Engines that should not go on as they are. */
  readonly sick: SickEngines;
  readonly nowMs: number;
}

export function wait(message: string): ClaimStep {
  return { kind: 'Wait', message };
}

export function act(action: EngineAction, message: string): ClaimStep {
  return { kind: 'Act', action, message };
}

export function end(outcome: EndOfClaim, message: string): ClaimStep {
  return { kind: 'End', outcome, message };
}

/** The claim at another step; `deadlineMs` is milliseconds since the epoch. */
export function update(
  claim: Disruption,
  step: Disruption['step'],
  deadlineMs: number,
  more: Partial<Disruption> = {},
): ClaimStep {
  return {
    kind: 'Update',
    claim: { ...claim, ...more, step, deadline: new Date(deadlineMs).toISOString() },
  };
}
