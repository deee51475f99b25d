import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { decideFleet, type FleetDecision } from '../../src/fleet/decide-fleet.ts';
import { recallMemory, withChange, type FleetMemory } from '../../src/fleet/memory.ts';
import { planFleet, type Action } from '../../src/fleet/plan.ts';
import { buildStatus, type WrittenStatus } from '../../src/fleet/status.ts';
import type { FleetSnapshot } from '../../src/snapshot/fleet-snapshot.ts';
import { NOW } from './engines.ts';
import { fleet } from './fleets.ts';
import { carryOut, emptyWorld, later, snapshotOf, type Rules, type World } from './world.ts';

/** A fleet under the deciders alone: what one pass leaves to the next. */
export interface Simulation {
  readonly world: World;
  readonly memory: FleetMemory | undefined;
  readonly status: WrittenStatus | undefined;
}

export interface Pass {
  readonly snapshot: FleetSnapshot;
  readonly decision: FleetDecision;
  readonly actions: readonly Action[];
  readonly next: Simulation;
}

/** What the user asks for at the time of a pass. */
export interface Wish {
  readonly revision?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export function newSimulation(): Simulation {
  return { world: emptyWorld(NOW), memory: undefined, status: undefined };
}

const parsedWishes = new WeakMap<Wish, VLLMDeployment>();

/** A wish holds for many passes and is parsed once. */
function parsed(wish: Wish): VLLMDeployment {
  const known = parsedWishes.get(wish) ?? fleet(wish.spec);
  parsedWishes.set(wish, known);
  return known;
}

/** One pass: what is seen, decided, planned, and what is left when all of it was carried out. */
export function pass({ world, memory, status }: Simulation, wish: Wish = {}): Pass {
  const { nowMs } = world;
  const asked = { ...parsed(wish), ...(status !== undefined && { status }) };
  const snapshot = snapshotOf(world, { fleet: asked, revision: wish.revision ?? 'aaa' });
  const decided = decideFleet(snapshot, memory ?? recallMemory(snapshot, nowMs), nowMs);
  const actions = planFleet(snapshot, decided.decision);
  const changes = actions.flatMap((action) =>
    'change' in action && action.change !== undefined ? [{ atMs: nowMs, ...action.change }] : [],
  );
  const { reason, message } = decided.decision.size;
  const history = [
    ...(status?.scaling?.history ?? []),
    ...changes.map(({ atMs, from, to }) => ({ at: new Date(atMs).toISOString(), from, to, reason, message })),
  ];
  return {
    snapshot,
    decision: decided.decision,
    actions,
    next: {
      world: carryOut(world, actions),
      memory: changes.reduce(withChange, decided.memory),
      status: buildStatus(snapshot, decided.decision, history, nowMs),
    },
  };
}

/** Passes every five seconds; `see` looks at each. */
export function run(
  start: Simulation,
  seconds: number,
  rules: Rules,
  wish: Wish = {},
  see: (pass: Pass) => void = () => undefined,
): Simulation {
  let simulation = start;
  for (let passed = 0; passed < seconds; passed += 5) {
    const one = pass(simulation, wish);
    see(one);
    simulation = { ...one.next, world: later(one.next.world, 5, rules) };
  }
  return simulation;
}

/** Serving engines by revision, for example `{ aaa: 2, bbb: 1 }`. */
export function readyByRevision({
  world: { engines },
}: Pick<Simulation, 'world'>): Readonly<Record<string, number>> {
  const serving = engines.filter(({ lifecycle }) => lifecycle === 'Ready');
  const revisions = [...new Set(serving.map(({ revision }) => revision))].toSorted();
  return Object.fromEntries(
    revisions.map((name) => [name, serving.filter(({ revision }) => revision === name).length]),
  );
}
