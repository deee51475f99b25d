import { describe, expect, test } from 'vitest';
import { isMarked } from '../src/disruption/marks.ts';
import { totalReplicas } from '../src/fleet/sizes.ts';
import { isServing, type EngineSnapshot } from '../src/snapshot/engine-snapshot.ts';
import type { Load } from './builders/engines.ts';
import {
  newSimulation,
  pass,
  readyByRevision,
  run,
  type Pass,
  type Simulation,
  type Wish,
} from './builders/simulation.ts';
import { carryOut, later, type Rules } from './builders/world.ts';

/*
 * The catalogue once more, where engines are taken away: what happened to users of other operators, by its name.
 */

const BUSY: Load = { kvCacheUsage: 0.8, running: 8, waiting: 0 };
const QUIET: Load = { kvCacheUsage: 0, running: 0, waiting: 0 };
const rules = (more: Partial<Rules> = {}): Rules => ({ startSeconds: () => 20, load: () => BUSY, ...more });
const fixed = (replicas: number, rollout: object = {}) => ({
  spec: { replicas, scaling: undefined, rollout },
});
const settled = (replicas: number, more: Partial<Rules> = {}): Simulation =>
  run(newSimulation(), 60, rules(more), fixed(replicas));

const serving = ({ snapshot }: Pass): number => snapshot.engines.filter(isServing).length;
const condition = ({ status }: Simulation, type: string): string | undefined => {
  const found = status?.conditions?.find((one) => one.type === type);
  return found && `${found.status} ${found.reason}: ${found.message}`;
};
/** Engines that claims were made on, in order. */
const victimsOf = (passes: readonly Pass[]): readonly string[] =>
  passes.flatMap(({ actions }) =>
    actions.flatMap((action) =>
      action.kind === 'WriteClaims' ? action.begun.map(({ engine }) => engine) : [],
    ),
  );

function watch(start: Simulation, seconds: number, how: Rules, wish: Wish) {
  const passes: Pass[] = [];
  const end = run(start, seconds, how, wish, (one) => passes.push(one));
  return { end, passes };
}

/** The first pass of which this is true. */
function until(start: Simulation, how: Rules, wish: Wish, isThere: (pass: Pass) => boolean): Pass {
  let simulation = start;
  for (let passes = 0; passes < 200; passes += 1) {
    const one = pass(simulation, wish);
    if (isThere(one)) return one;
    simulation = { ...one.next, world: later(one.next.world, 5, how) };
  }
  throw new Error('it never came to that');
}

describe('5. a rolling restart is not growth (k8s #90461: 383 replicas became 664)', () => {
  test('restartAt replaces every engine once, with one too many at most, and the size stays', () => {
    const spec = { scaling: { minReplicas: 3, maxReplicas: 20 } };
    const start = run(newSimulation(), 120, rules(), { spec });
    const restartAt = new Date(start.world.nowMs).toISOString();
    const before = new Set(start.world.engines.map(({ uid }) => uid));
    const { end, passes } = watch(start, 600, rules(), { spec: { ...spec, rollout: { restartAt } } });
    expect(end.world.engines.filter(({ uid }) => before.has(uid))).toEqual([]);
    expect(victimsOf(passes)).toHaveLength(3);
    expect(Math.max(...passes.map(({ snapshot }) => snapshot.engines.length))).toBe(4);
    expect(Math.min(...passes.map(serving))).toBe(3);
    expect(new Set(passes.map(({ snapshot }) => totalReplicas(snapshot)))).toEqual(new Set([3]));
    expect(end.status?.scaling?.history).toEqual([]);
  });
});

describe('7. kubectl scale of a ReplicaSet while an engine of it is removed', () => {
  test('the other hand is not fought: the engine goes back, and the claim is over', () => {
    const spec = { scaling: { minReplicas: 1, maxReplicas: 8 } };
    const calm = rules({ load: () => QUIET });
    const removing = until(settled(3), calm, { spec }, ({ next: { world } }) =>
      world.claims.some(({ step }) => step === 'Removing'),
    ).next;
    const [victim] = removing.world.claims;
    const scaledBy = { manager: 'kubectl', atMs: removing.world.nowMs };
    const replicaSets = removing.world.replicaSets.map((set) => ({ ...set, replicas: 5, scaledBy }));
    const resized = { ...removing, world: { ...removing.world, replicaSets } };
    const { end, passes } = watch(resized, 60, calm, { spec });
    expect(end.world.replicaSets).toMatchObject([{ replicas: 5 }]);
    expect(end.world.outcomes.at(-1)).toContain(`Cancelled: Shrink of ${victim?.engine} (ScaleDown)`);
    expect(end.world.engines).toHaveLength(5);
    expect(end.world.engines.some(isMarked)).toBe(false);
    expect(passes.flatMap(({ actions }) => actions.map(({ kind }) => kind))).not.toContain(
      'ShrinkReplicaSet',
    );
  });
});

describe('10. the operator restarts in the middle of a roll-out', () => {
  const wish = { ...fixed(4), revision: 'bbb' };

  test('it goes on with the same victim and takes no second one, wherever it was', () => {
    const whole = watch(settled(4), 800, rules(), wish);
    expect(readyByRevision(whole.end)).toEqual({ bbb: 4 });
    let forgetful = settled(4);
    const passes: Pass[] = [];
    for (let seconds = 0; seconds < 1200; seconds += 5) {
      // A leader that begins anew at every pass: it knows what stands in the cluster, and nothing else.
      const { end, passes: one } = watch({ ...forgetful, memory: undefined }, 5, rules(), wish);
      forgetful = end;
      passes.push(...one);
    }
    expect(readyByRevision(forgetful)).toEqual({ bbb: 4 });
    expect(new Set(victimsOf(passes)).size).toBe(victimsOf(passes).length);
    expect(victimsOf(passes)).toHaveLength(4);
    expect(Math.min(...passes.map(serving))).toBe(4);
    expect(Math.max(...passes.map(({ snapshot }) => snapshot.engines.length))).toBe(5);
  });

  test('it finishes what a leader did half: each action of a pass may be its last', () => {
    let simulation = settled(3);
    const victims: string[] = [];
    for (let passes = 0; passes < 200; passes += 1) {
      const one = pass({ ...simulation, memory: undefined }, { ...fixed(3), revision: 'bbb' });
      // Killed after the first write of the pass.
      const done = one.actions.slice(0, 1);
      victims.push(...victimsOf([{ ...one, actions: done }]));
      const world = later(carryOut(simulation.world, done), 5, rules());
      simulation = { world, memory: undefined, status: one.next.status };
      expect(simulation.world.engines.filter(isServing).length).toBeGreaterThanOrEqual(3);
    }
    expect(readyByRevision(simulation)).toEqual({ bbb: 3 });
    expect(new Set(victims).size).toBe(3);
    expect(victims).toHaveLength(3);
  });
});

describe('11. one replica, no spare GPU (LLMKube #192: a rolling update that never ends)', () => {
  const oneGpu = { room: 1 };
  const start = settled(1, oneGpu);

  test('the engine serves on, and the condition says what to change', () => {
    const { end, passes } = watch(start, 600, rules(oneGpu), { ...fixed(1), revision: 'bbb' });
    expect(Math.min(...passes.map(serving))).toBe(1);
    expect(readyByRevision(end)).toEqual({ aaa: 1 });
    expect(condition(end, 'RestartBlocked')).toMatch(
      /^True Unschedulable: engine-\d+ has found no node for \d+ s: 3 Insufficient nvidia.com\/gpu; the fleet has 1 engine: set rollout.allowDowntime to let the last one go first$/,
    );
  });

  test('with allowDowntime it is replaced: a short gap, and no deadlock', () => {
    const wish = { ...fixed(1, { allowDowntime: true }), revision: 'bbb' };
    const { end, passes } = watch(start, 600, rules(oneGpu), wish);
    expect(readyByRevision(end)).toEqual({ bbb: 1 });
    expect(victimsOf(passes)).toHaveLength(1);
    expect(condition(end, 'RestartBlocked')).toMatch(/^False NotBlocked/);
  });

  test('a person who reads the condition and allows it later need not do more', () => {
    const blocked = run(start, 300, rules(oneGpu), { ...fixed(1), revision: 'bbb' });
    const wish = { ...fixed(1, { allowDowntime: true }), revision: 'bbb' };
    expect(readyByRevision(run(blocked, 300, rules(oneGpu), wish))).toEqual({ bbb: 1 });
  });

  test('a restart of the only engine is given back when there is no room, and says so', () => {
    const restartAt = new Date(start.world.nowMs).toISOString();
    const { end, passes } = watch(start, 600, rules(oneGpu), fixed(1, { restartAt }));
    expect(Math.min(...passes.map(serving))).toBe(1);
    expect(end.world.engines).toMatchObject([{ name: 'engine-1', isMember: true, serving: 'true' }]);
    expect(end.world.engines.some(isMarked)).toBe(false);
    expect(condition(end, 'RestartBlocked')).toMatch(/^True NoRoom: engine-1 is not replaced: /);
  });

  test('a fleet that fills every accelerator is replaced one engine after the other, none more missing than may be', () => {
    const full = { room: 4 };
    const { end, passes } = watch(settled(4, full), 1500, rules(full), { ...fixed(4), revision: 'bbb' });
    expect(readyByRevision(end)).toEqual({ bbb: 4 });
    expect(Math.min(...passes.map(serving))).toBe(3);
  });
});

describe('the wrong pod is removed (llm-d WVA #1152, keda #3680, k8s #107598: warm or busy pods went)', () => {
  const load = ({ name }: EngineSnapshot): Load =>
    name === 'engine-2' ? QUIET : { ...QUIET, running: 2, kvCacheUsage: 0.2 };

  test('the idle engine goes, and the busy ones stay', () => {
    const start = settled(3, { load });
    const { end, passes } = watch(start, 120, rules({ load }), fixed(2));
    expect(victimsOf(passes)).toEqual(['engine-2']);
    expect(end.world.engines.map(({ name }) => name)).toEqual(['engine-1', 'engine-3']);
    expect(end.world.outcomes).toMatchObject([expect.stringContaining('Drained: Shrink of engine-2')]);
  });

  test('a ReplicaSet that takes another one all the same is found out: the victim serves again', () => {
    const calm = rules({ load });
    const told = until(settled(3, { load }), calm, fixed(2), ({ actions }) =>
      actions.some(({ kind }) => kind === 'ShrinkReplicaSet'),
    );
    // Its controller had not seen the deletion cost.
    const { world } = told.next;
    const engines = world.engines.filter(({ name }) => name !== 'engine-1');
    const robbed = { ...told.next, world: later({ ...world, engines }, 5, calm) };
    const end = run(robbed, 30, calm, fixed(2));
    expect(end.world.outcomes.at(-1)).toContain('OtherRemoved: Shrink of engine-2');
    expect(readyByRevision(end)).toEqual({ aaa: 2 });
    expect(end.world.engines.some(isMarked)).toBe(false);
  });
});
