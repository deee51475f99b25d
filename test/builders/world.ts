import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import {
  DRAINING_DELETION_COST,
  markOf,
  releasedMarkOf,
  REMOVING_DELETION_COST,
} from '../../src/disruption/marks.ts';
import type { Action } from '../../src/fleet/plan.ts';
import type { TimedSample } from '../../src/signals/history.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../../src/snapshot/fleet-snapshot.ts';
import { loading, ready, type Load } from './engines.ts';
import { fleet, fleetSnapshot, of, replicaSet } from './fleets.ts';

/** The cluster as far as the deciders see it: ReplicaSets, and engines that get ready some time after their order. */
export interface World {
  readonly nowMs: number;
  readonly replicaSets: readonly ReplicaSetSnapshot[];
  readonly engines: readonly EngineSnapshot[];
  readonly claims: readonly Disruption[];
  /** How the last claims ended, a line each. */
  readonly outcomes: readonly string[];
  /** Engines made so far; gives each its name. */
  readonly born: number;
}

export interface Rules {
  /** Seconds from order to ready, by revision; `undefined`: never. */
  readonly startSeconds: (revision: string) => number | undefined;
  /** The revision whose pods the API server refuses: a quota, an admission webhook. */
  readonly refused?: string;
  /** Engines for which there are accelerators; any number unless said. */
  readonly room?: number;
  /** The revision whose engines restart again and again. */
  readonly crashing?: string;
  /** What each ready engine's page tells. */
  readonly load: (engine: EngineSnapshot) => Load;
}

export function emptyWorld(nowMs: number): World {
  return { nowMs, replicaSets: [], engines: [], claims: [], outcomes: [], born: 0 };
}

/** Carries out the actions of a plan, as the executor would. */
export function carryOut(world: World, actions: readonly Action[]): World {
  return actions.reduce(apply, world);
}

function apply(world: World, action: Action): World {
  switch (action.kind) {
    case 'ApplyService':
    case 'ApplyPodDisruptionBudget':
    case 'Probe':
      return world;
    case 'CreateReplicaSet': {
      const set = replicaSet(action.revision, action.replicas, { createdAtMs: world.nowMs });
      return { ...world, replicaSets: [...world.replicaSets, set] };
    }
    case 'Grow':
    case 'CancelOrders':
      return resize(world, action.replicaSet, action.to);
    case 'WriteClaims':
      return { ...world, claims: action.claims, outcomes: action.outcomes };
    case 'MarkDraining':
      return change(world, action.engine, {
        serving: 'draining',
        isListed: false,
        deletionCost: DRAINING_DELETION_COST,
        claim: markOf(action.claim),
      });
    case 'MarkSuspect':
      return change(world, action.engine, {
        serving: 'suspect',
        isListed: false,
        claim: markOf(action.claim),
      });
    case 'MarkStandIn':
      return change(world, action.engine, { deletionCost: DRAINING_DELETION_COST });
    case 'MarkRemoving':
      return change(world, action.engine, { deletionCost: REMOVING_DELETION_COST });
    case 'PutBack':
      return putBack(world, action.engine, action.claim);
    case 'Detach':
      return change(world, action.engine, { isMember: false, claim: markOf(action.claim) });
    case 'Reattach':
      return putBack(change(world, action.engine, { isMember: true }), action.engine, action.claim);
    case 'ShrinkReplicaSet':
      return resize(world, action.replicaSet, action.to);
    case 'DeleteEngine':
      return { ...world, engines: world.engines.filter(({ uid }) => uid !== action.engine.uid) };
    case 'DeleteReplicaSet':
      return { ...world, replicaSets: world.replicaSets.filter(({ uid }) => uid !== action.uid) };
  }
}

function resize(world: World, name: string, replicas: number): World {
  const resized = (set: ReplicaSetSnapshot) => (set.name === name ? { ...set, replicas } : set);
  return { ...world, replicaSets: world.replicaSets.map(resized) };
}

function change(world: World, { uid }: EngineSnapshot, changes: Partial<EngineSnapshot>): World {
  const engines = world.engines.map((one) => (one.uid === uid ? { ...one, ...changes } : one));
  return { ...world, engines };
}

function putBack(world: World, engine: EngineSnapshot, claim: Disruption | undefined): World {
  const changed = change(world, engine, {
    serving: 'true',
    ...(claim !== undefined && { claim: releasedMarkOf(claim) }),
  });
  const engines = changed.engines.map((one) => {
    const { deletionCost: _cost, ...unmarked } = one;
    return one.uid === engine.uid ? { ...unmarked, isListed: one.lifecycle === 'Ready' } : one;
  });
  return { ...changed, engines };
}

/** The world so many seconds later: ReplicaSets have made and removed engines, engines got ready, pages were read. */
export function later(world: World, seconds: number, rules: Rules): World {
  const nowMs = world.nowMs + seconds * 1000;
  const settled = world.replicaSets.reduce((next, set) => reconcile(next, set, rules), world);
  const placed = place(settled.engines, nowMs, rules);
  return { ...settled, nowMs, engines: placed.map((engine) => observe(engine, nowMs, rules)) };
}

/** A ReplicaSet at work: not ready before ready, then the lowest deletion cost (kubernetes `ActivePodsWithRanks`). */
function reconcile(world: World, set: ReplicaSetSnapshot, { refused }: Rules): World {
  const own = world.engines.filter(({ replicaSet: name, isMember }) => name === set.name && isMember);
  if (own.length < set.replicas) {
    if (set.revision === refused) return world;
    const fresh = Array.from({ length: set.replicas - own.length }, (_, index) => {
      const made = loading(`engine-${world.born + index + 1}`, 0, { createdAtMs: world.nowMs });
      return of(set.revision, made);
    });
    return { ...world, engines: [...world.engines, ...fresh], born: world.born + fresh.length };
  }
  const isReady = ({ lifecycle }: EngineSnapshot): number => Number(lifecycle === 'Ready');
  const cost = ({ deletionCost = 0 }: EngineSnapshot): number => deletionCost;
  const gone = own
    .toSorted((a, b) => isReady(a) - isReady(b) || cost(a) - cost(b) || b.createdAtMs - a.createdAtMs)
    .slice(0, own.length - set.replicas);
  return { ...world, engines: world.engines.filter((engine) => !gone.includes(engine)) };
}

/** The scheduler at work: who has no accelerator yet gets one as soon as one is free. */
function place(
  engines: readonly EngineSnapshot[],
  nowMs: number,
  { room = Infinity }: Rules,
): readonly EngineSnapshot[] {
  let free = room - engines.filter(({ scheduledAtMs }) => scheduledAtMs !== undefined).length;
  return engines.map((engine) => {
    if (engine.scheduledAtMs !== undefined) return engine;
    free -= 1;
    const { nodeName: _none, unschedulable: _found, ...homeless } = engine;
    if (free < 0)
      return { ...homeless, lifecycle: 'Pending', unschedulable: '3 Insufficient nvidia.com/gpu' };
    const scheduledAtMs = engine.lifecycle === 'Pending' ? nowMs : engine.createdAtMs;
    return { ...homeless, lifecycle: 'Loading', nodeName: 'node-1', scheduledAtMs };
  });
}

function observe(
  engine: EngineSnapshot,
  nowMs: number,
  { startSeconds, load, crashing }: Rules,
): EngineSnapshot {
  if (engine.lifecycle === 'Pending') return engine;
  if (engine.revision === crashing) return { ...engine, restarts: 3 };
  const start = startSeconds(engine.revision);
  const readyAtMs =
    start === undefined ? Infinity : (engine.scheduledAtMs ?? engine.createdAtMs) + start * 1000;
  if (nowMs < readyAtMs) return engine;
  const isServing = engine.serving === 'true';
  return {
    ...ready(engine.name),
    ...engine,
    lifecycle: 'Ready',
    readyAtMs,
    isListed: isServing,
    page: { state: 'Fresh', load: { atMs: nowMs, ...(isServing ? load(engine) : IDLE) } },
    ...(!isServing && { recentPages: [...(engine.recentPages ?? []), idlePage(nowMs)] }),
  };
}

const IDLE: Load = { running: 0, waiting: 0, kvCacheUsage: 0 };

/** What the requests of an engine that drains take is over by its next page. */
export function idlePage(atMs: number): TimedSample {
  const sample = { running: 0, waiting: 0, histograms: {}, ranks: [], dialect: 'v1-0.32', models: [] };
  return { atMs, sample: { ...sample, notObservable: {} } };
}

/** What the operator sees of the world. */
export function snapshotOf(
  { replicaSets, engines, claims, outcomes }: World,
  overrides: Partial<FleetSnapshot> = {},
): FleetSnapshot {
  const asked = overrides.fleet ?? fleet();
  const status = { ...asked.status, disruptions: claims, disruptionHistory: outcomes };
  return fleetSnapshot(engines, { replicaSets, ...overrides, fleet: { ...asked, status } });
}
