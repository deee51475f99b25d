import fc from 'fast-check';
import { expect, test } from 'vitest';
import { engineConfigOf } from '../model/engine-config.ts';
import { ENGINE_PROFILES } from '../model/profiles.ts';
import { simulateFleet } from './simulate-fleet.ts';
import type { FleetArrival, FleetConfig } from './types.ts';

const DURATION_MS = 120_000;

const configs: fc.Arbitrary<FleetConfig> = fc.record({
  engine: fc
    .record({ maxNumSeqs: fc.integer({ min: 1, max: 4 }), numGpuBlocks: fc.integer({ min: 70, max: 200 }) })
    .map((engine) => ({
      ...engineConfigOf(ENGINE_PROFILES['llama3.1-8b/L40Sx1']),
      ...engine,
    })),
  dataParallelSize: fc.integer({ min: 1, max: 2 }),
  startupMs: fc.integer({ min: 0, max: 40_000 }),
  initialSize: fc.integer({ min: 0, max: 3 }),
  routing: fc.constantFrom('Random' as const, 'LessLoadedOfTwo' as const),
  intervalMs: fc.constant(5000),
  abandonAfterMs: fc.constant(30_000),
  durationMs: fc.constant(DURATION_MS),
  seed: fc.nat(),
});

const loads: fc.Arbitrary<readonly FleetArrival[]> = fc
  .array(
    fc.record({
      atMs: fc.integer({ min: 0, max: DURATION_MS }),
      promptTokens: fc.integer({ min: 1, max: 500 }),
      outputTokens: fc.integer({ min: 1, max: 500 }),
    }),
    { maxLength: 60 },
  )
  .map((list) => list.toSorted((one, other) => one.atMs - other.atMs));

/** Sizes asked for, one a decision; the last one stays. */
const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 24 });

test('whatever the size does, each request ends once, in its order, and no answer starts after the patience ends', () => {
  fc.assert(
    fc.property(configs, loads, sizes, (config, load, wishes) => {
      let decisions = 0;
      const { records } = simulateFleet(config, load, () => {
        decisions += 1;
        return wishes[decisions - 1] ?? wishes.at(-1) ?? 0;
      });
      expect(records.map(({ arrival }) => arrival)).toEqual(load);
      for (const record of records) {
        if (record.outcome !== 'Finished') continue;
        expect(record.ttftMs).toBeLessThanOrEqual(config.abandonAfterMs);
        expect(record.e2eMs).toBeGreaterThanOrEqual(record.ttftMs);
      }
      expect(decisions).toBe(DURATION_MS / config.intervalMs);
    }),
    { numRuns: 40 },
  );
});

test('the size follows the policy, and what is paid lies between it and the peak', () => {
  fc.assert(
    fc.property(configs, loads, sizes, (config, load, wishes) => {
      const asked: number[] = [];
      const { ticks, replicaHours, peakReplicas, sizeChanges } = simulateFleet(config, load, () => {
        asked.push(wishes[asked.length] ?? wishes.at(-1) ?? 0);
        return asked.at(-1) ?? 0;
      });
      expect(ticks.map(({ size }) => size)).toEqual(asked);
      const held = [config.initialSize, ...asked.slice(0, -1)].map(
        (size) => (size * config.intervalMs) / 3_600_000,
      );
      const ordered = held.reduce((sum, hours) => sum + hours, 0);
      expect(replicaHours).toBeGreaterThan(ordered - 1e-9);
      expect(replicaHours).toBeLessThan((peakReplicas * DURATION_MS) / 3_600_000 + 1e-9);
      const changes = [config.initialSize, ...asked].filter(
        (size, index, all) => index > 0 && size !== all[index - 1],
      );
      expect(sizeChanges).toBe(changes.length);
    }),
    { numRuns: 40 },
  );
});
