import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isMarked } from '../disruption/marks.ts';
import { isServing } from '../snapshot/engine-snapshot.ts';
import type { Load } from '../../test/builders/engines.ts';
import { newSimulation, pass, run, type Pass, type Wish } from '../../test/builders/simulation.ts';
import type { Rules } from '../../test/builders/world.ts';
import { totalReplicas } from './sizes.ts';

const ON_TARGET: Load = { kvCacheUsage: 0.8, running: 4, waiting: 0 };
const rules = (load: Load): Rules => ({ startSeconds: () => 20, load: () => load });
const calm = rules(ON_TARGET);

const told = fc.record({
  waiting: fc.nat(12),
  running: fc.nat(16),
  kvCacheUsage: fc.double({ min: 0, max: 1, noNaN: true }),
});
const wish: fc.Arbitrary<Wish> = fc
  .record({
    revision: fc.constantFrom('aaa', 'bbb', 'ccc'),
    minReplicas: fc.integer({ min: 1, max: 3 }),
    maxReplicas: fc.integer({ min: 3, max: 6 }),
  })
  .map(({ revision, ...scaling }) => ({ revision, spec: { scaling } }));
/** What happens to a fleet: a load and a wish that hold for some seconds. */
const chapters = fc.array(
  fc.tuple(
    told,
    wish,
    fc.integer({ min: 1, max: 24 }).map((passes) => passes * 5),
  ),
  {
    minLength: 1,
    maxLength: 5,
  },
);

const serving = ({ snapshot }: Pass): number => snapshot.engines.filter(isServing).length;

test('whatever happened before, a fleet that is left alone settles on one revision and plans nothing more', () => {
  fc.assert(
    fc.property(chapters, wish, (story, last) => {
      const restless = story.reduce(
        (simulation, [load, asked, seconds]) => run(simulation, seconds, rules(load), asked),
        newSimulation(),
      );
      const settled = run(restless, 900, calm, last);
      const { snapshot, actions } = pass(settled, last);
      expect(actions).toEqual([]);
      expect(snapshot.engines.every(({ revision }) => revision === last.revision)).toBe(true);
      expect(snapshot.engines.every(({ lifecycle }) => lifecycle === 'Ready')).toBe(true);
      expect(snapshot.engines.some(isMarked)).toBe(false);
      expect(snapshot.fleet.status?.disruptions).toEqual([]);
    }),
    { numRuns: 8 },
  );
});

test('whatever happens, a ReplicaSet is told to remove one engine at a time, takes no other, and cuts no request', () => {
  fc.assert(
    fc.property(chapters, (story) => {
      let removed: readonly string[] = [];
      let simulation = newSimulation();
      for (const [load, asked, seconds] of story) {
        simulation = run(simulation, seconds, rules(load), asked, ({ snapshot, actions }) => {
          const names = snapshot.engines.map(({ name }) => name);
          // The engine that went is the one that was chosen: the ReplicaSet took no other.
          for (const name of removed) expect(names).not.toContain(name);
          const victims = actions.flatMap((action) =>
            action.kind === 'ShrinkReplicaSet' ? [action.engine] : [],
          );
          expect(new Set(victims.map(({ replicaSet }) => replicaSet)).size).toBe(victims.length);
          expect(victims.every(isMarked)).toBe(true);
          removed = [...removed, ...victims.map(({ name }) => name)];
          const ended = actions.flatMap((action) => (action.kind === 'WriteClaims' ? action.ended : []));
          const outcomes = ended.map(({ outcome }) => outcome);
          expect(outcomes.filter((outcome) => outcome !== 'Drained' && outcome !== 'Cancelled')).toEqual([]);
        });
      }
    }),
    { numRuns: 12 },
  );
});

test('whatever the revisions do, a roll-out orders one engine too many at most and keeps the others ready', () => {
  const held = { scaling: { minReplicas: 3, maxReplicas: 3 } };
  const revisions = fc.array(
    fc.tuple(fc.constantFrom('aaa', 'bbb', 'bad'), fc.integer({ min: 1, max: 20 })),
    {
      maxLength: 6,
    },
  );
  const start = run(newSimulation(), 60, calm, { spec: held });
  const broken: Rules = { ...calm, startSeconds: (revision) => (revision === 'bad' ? undefined : 20) };
  fc.assert(
    fc.property(revisions, (story) => {
      story.reduce(
        (simulation, [revision, passes]) =>
          run(simulation, passes * 5, broken, { revision, spec: held }, (one) => {
            expect(totalReplicas(one.snapshot)).toBeLessThanOrEqual(4);
            expect(serving(one)).toBeGreaterThanOrEqual(3);
          }),
        start,
      );
    }),
    { numRuns: 15 },
  );
});
