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
import { isServing } from '../snapshot/engine-snapshot.ts';
import { totalReplicas } from './sizes.ts';

const load: Load = { kvCacheUsage: 0.8, running: 4, waiting: 0 };
const rules = (more: Partial<Rules> = {}): Rules => ({ startSeconds: () => 20, load: () => load, ...more });
const bad = rules({ crashing: 'bad' });
const wish = (revision: string, rollout: object = {}, replicas = 3) => ({
  revision,
  spec: { replicas, scaling: undefined, rollout },
});
const start = run(newSimulation(), 60, rules(), wish('aaa'));

function watch(from: Simulation, seconds: number, how: Rules, asked: object) {
  const passes: Pass[] = [];
  const end = run(from, seconds, how, asked, (one) => passes.push(one));
  const serving = passes.map(({ snapshot }) => snapshot.engines.filter(isServing).length);
  return {
    end,
    least: Math.min(...serving),
    most: Math.max(...passes.map(({ snapshot }) => totalReplicas(snapshot))),
    phases: [...new Set(passes.map(({ decision }) => decision.rollout.phase))],
    /** One after the other. */
    strategies: passes
      .map(({ decision }) => decision.rollout.strategy)
      .filter((strategy, index, all) => strategy !== all[index - 1]),
  };
}

describe('a new revision that crashes', () => {
  test('stops the roll-out: the old engines stay, one that failed is left to be looked at', () => {
    const { end, least, most, phases } = watch(start, 600, bad, wish('bad'));
    expect({ least, most, ready: readyByRevision(end) }).toEqual({ least: 3, most: 4, ready: { aaa: 3 } });
    expect(phases).toEqual(['Progressing', 'Stopped']);
    expect(end.status?.rollout).toMatchObject({
      phase: 'Stopped',
      reason: 'CrashLoop',
      blockedRevision: 'bad',
    });
    expect(end.world.claims).toEqual([]);
  });

  test('is given up for a good one without a person looking at the first', () => {
    const stopped = run(start, 200, bad, wish('bad'));
    const { end, least } = watch(stopped, 600, bad, wish('good'));
    expect({ least, ready: readyByRevision(end) }).toEqual({ least: 3, ready: { good: 3 } });
    expect(end.status?.rollout?.blockedRevision).toBeUndefined();
  });

  test('goes on by itself when its engines get well', () => {
    const stopped = run(start, 200, bad, wish('bad'));
    const mended = {
      ...stopped,
      world: {
        ...stopped.world,
        engines: stopped.world.engines.map((engine) => ({ ...engine, restarts: 0 })),
      },
    };
    expect(readyByRevision(run(mended, 600, rules(), wish('bad')))).toEqual({ bad: 3 });
  });
});

describe('a roll-out that is taken back', () => {
  test('by a person, half way: the engines of the new revision are replaced, none is missing', () => {
    const half = run(start, 120, rules(), wish('bbb'));
    expect(readyByRevision(half)['bbb']).toBeGreaterThan(0);
    const { end, least, phases } = watch(half, 600, rules(), wish('aaa'));
    expect({ least, ready: readyByRevision(end) }).toEqual({ least: 3, ready: { aaa: 3 } });
    expect(phases.at(-1)).toBe('Complete');
  });
});

describe('a pause', () => {
  test('holds the roll-out where it is, and the size is kept', () => {
    const half = run(start, 90, rules(), wish('bbb'));
    const { end, least } = watch(half, 600, rules(), wish('bbb', { paused: true }));
    const ready = readyByRevision(end);
    expect(ready['aaa']).toBeGreaterThan(0);
    expect(ready['bbb']).toBeGreaterThan(0);
    expect(least).toBeGreaterThanOrEqual(3);
    expect(end.world.claims).toEqual([]);
    expect(end.status?.rollout?.phase).toBe('Paused');
    expect(readyByRevision(run(end, 600, rules(), wish('bbb')))).toEqual({ bbb: 3 });
  });
});

describe('DrainFirst', () => {
  const first = { strategy: 'DrainFirst' };

  test('never needs more room than the fleet has, and never misses more than maxUnavailable', () => {
    const { end, least, most } = watch(start, 900, rules({ room: 3 }), wish('bbb', first));
    expect({ least, most, ready: readyByRevision(end) }).toEqual({ least: 2, most: 3, ready: { bbb: 3 } });
    expect(end.status?.rollout?.phase).toBe('Complete');
    expect(end.status?.replicas).toBe(3);
  });

  test('misses two where two may be missing', () => {
    const wide = { ...first, maxUnavailable: 2, maxConcurrent: 2 };
    const { end, least } = watch(start, 900, rules({ room: 3 }), wish('bbb', wide));
    expect({ least, ready: readyByRevision(end) }).toEqual({ least: 1, ready: { bbb: 3 } });
  });

  test('stops at a bad revision with no more missing than may be', () => {
    const { end, least } = watch(start, 900, bad, wish('bad', first));
    expect(least).toBe(2);
    expect(end.status?.rollout?.phase).toBe('Stopped');
  });

  test('of a fleet that is scaled to nothing meanwhile leaves no engine behind', () => {
    const half = run(start, 60, rules(), wish('bbb', first));
    const end = run(half, 600, rules(), wish('bbb', first, 0));
    expect(end.world.engines).toEqual([]);
    expect(end.world.claims).toEqual([]);
  });
});

describe('a surge that finds no room', () => {
  test('goes on as DrainFirst: every engine is replaced, at most one is missing at a time', () => {
    const { end, least, strategies } = watch(start, 600, rules({ room: 3 }), wish('bbb'));
    expect({ least, ready: readyByRevision(end) }).toEqual({ least: 2, ready: { bbb: 3 } });
    // Each try would take as long as the first.
    expect(strategies).toEqual(['SurgeFirst', 'DrainFirst']);
  });

  test('waits for a person where none may be missing', () => {
    const { end, least, phases } = watch(start, 900, rules({ room: 3 }), wish('bbb', { maxUnavailable: 0 }));
    expect({ least, ready: readyByRevision(end) }).toEqual({ least: 3, ready: { aaa: 3 } });
    expect(phases).toEqual(['Progressing', 'Blocked']);
  });

  test('goes on when room is made', () => {
    const blocked = run(start, 300, rules({ room: 3 }), wish('bbb', { maxUnavailable: 0 }));
    const { end, least } = watch(blocked, 900, rules({ room: 4 }), wish('bbb', { maxUnavailable: 0 }));
    expect({ least, ready: readyByRevision(end) }).toEqual({ least: 3, ready: { bbb: 3 } });
  });
});

test('the size follows spec.replicas in the middle of a roll-out, up and down', () => {
  const half = run(start, 60, rules(), wish('bbb'));
  expect(readyByRevision(run(half, 900, rules(), wish('bbb', {}, 5)))).toEqual({ bbb: 5 });
  expect(readyByRevision(run(half, 900, rules(), wish('bbb', {}, 1)))).toEqual({ bbb: 1 });
});
