import { describe, expect, test } from 'vitest';
import type { Load } from '../../test/builders/engines.ts';
import {
  newSimulation,
  readyByRevision,
  run,
  type Pass,
  type Simulation,
} from '../../test/builders/simulation.ts';
import type { Rules } from '../../test/builders/world.ts';
import { totalReplicas } from './sizes.ts';

const SCALING = { minReplicas: 3, maxReplicas: 8 };
const onTarget: Load = { kvCacheUsage: 0.8, running: 4, waiting: 0 };
const queued: Load = { kvCacheUsage: 0.8, running: 4, waiting: 9 };
const quiet: Load = { kvCacheUsage: 0, running: 0, waiting: 0 };

/** Every revision starts in 20 s, but for those named, which never get ready. */
const rules = (load: Load, ...broken: readonly string[]): Rules => ({
  startSeconds: (revision) => (broken.includes(revision) ? undefined : 20),
  load: () => load,
});

/** Three ready engines of revision aaa. */
const settled = (load = onTarget): Simulation =>
  run(newSimulation(), 60, rules(load), { spec: { scaling: SCALING } });

const serving = ({ snapshot }: Pass): number =>
  snapshot.engines.filter(({ lifecycle }) => lifecycle === 'Ready').length;

describe('a roll-out', () => {
  test('replaces one engine after the other, and never has fewer ready or more than one too many', () => {
    const seen: { ready: number; ordered: number; current: number }[] = [];
    const wish = { revision: 'bbb', spec: { scaling: SCALING } };
    const end = run(settled(), 300, rules(onTarget), wish, (pass) => {
      const { size } = pass.decision;
      seen.push({ ready: serving(pass), ordered: totalReplicas(pass.snapshot), current: size.current });
    });
    expect(readyByRevision(end)).toEqual({ bbb: 3 });
    expect(Math.min(...seen.map(({ ready }) => ready))).toBe(3);
    expect(Math.max(...seen.map(({ ordered }) => ordered))).toBe(4);
    expect(new Set(seen.map(({ current }) => current))).toEqual(new Set([3]));
    expect(end.status?.scaling?.history).toEqual([]);
  });

  test('to a revision that never gets ready costs nothing and waits', () => {
    const end = run(settled(), 300, rules(onTarget, 'bad'), { revision: 'bad', spec: { scaling: SCALING } });
    expect(readyByRevision(end)).toEqual({ aaa: 3 });
    expect(end.world.engines).toHaveLength(4);
  });

  test('ends a bad revision first: mending it never costs a good engine', () => {
    const wish = { spec: { scaling: SCALING } };
    const stuck = run(settled(), 120, rules(onTarget, 'bad'), { revision: 'bad', ...wish });
    const ready: number[] = [];
    const end = run(stuck, 400, rules(onTarget, 'bad'), { revision: 'good', ...wish }, (pass) => {
      ready.push(serving(pass));
    });
    expect(Math.min(...ready)).toBe(3);
    expect(readyByRevision(end)).toEqual({ good: 3 });
  });

  test('orders load that rises meanwhile from the revision that is known to start', () => {
    const wish = { revision: 'bad', spec: { scaling: SCALING } };
    const stuck = run(settled(), 120, rules(onTarget, 'bad'), wish);
    const end = run(stuck, 120, rules(queued, 'bad'), wish);
    expect(readyByRevision(end)['aaa']).toBeGreaterThan(3);
  });

  test('takes in load that rises meanwhile, and ends with the larger fleet', () => {
    const wish = { revision: 'bbb', spec: { scaling: SCALING } };
    const halfway = run(settled(), 60, rules(onTarget), wish);
    const end = run(run(halfway, 30, rules(queued), wish), 400, rules(onTarget), wish);
    expect(readyByRevision(end)).toEqual({ bbb: end.status?.scaling?.desired });
    expect(end.status?.scaling?.desired).toBeGreaterThan(3);
  });

  test('counts a shrink that is decided meanwhile for the policies: one engine a minute', () => {
    const held = { spec: { scaling: { minReplicas: 6, maxReplicas: 8 } } };
    const six = run(newSimulation(), 400, rules(quiet), held);
    const free = { revision: 'bad', spec: { scaling: { minReplicas: 1, maxReplicas: 8 } } };
    const sizes: number[] = [];
    run(six, 500, rules(quiet, 'bad'), free, ({ decision }) => sizes.push(decision.size.desired));
    const passesAt = [5, 4, 3].map((size) => sizes.filter((one) => one === size).length);
    expect(passesAt).toEqual([12, 12, 12]);
  });

  test('replaces a revision whose pods are all refused', () => {
    const refused = { ...rules(onTarget), refused: 'aaa' };
    const blocked = run(newSimulation(), 60, refused, { spec: { scaling: SCALING } });
    expect(blocked.world.engines).toEqual([]);
    const end = run(blocked, 400, refused, { revision: 'bbb', spec: { scaling: SCALING } });
    expect(readyByRevision(end)).toEqual({ bbb: 3 });
  });

  test('in a new leader goes on from the size that status tells, surge apart', () => {
    const wish = { revision: 'bbb', spec: { scaling: SCALING } };
    const halfway = run(settled(), 30, rules(onTarget), wish);
    expect(halfway.world.engines).toHaveLength(4);
    const sizes = new Set<number>();
    run({ ...halfway, memory: undefined }, 200, rules(onTarget), wish, ({ decision }) => {
      sizes.add(decision.size.current);
    });
    expect([...sizes]).toEqual([3]);
  });

  test('with nothing left to do plans nothing', () => {
    const end = run(settled(), 300, rules(onTarget), { revision: 'bbb', spec: { scaling: SCALING } });
    const plans: number[] = [];
    run(end, 60, rules(onTarget), { revision: 'bbb', spec: { scaling: SCALING } }, ({ actions }) => {
      plans.push(actions.length);
    });
    expect(new Set(plans)).toEqual(new Set([0]));
  });
});
