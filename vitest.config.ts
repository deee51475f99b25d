import { defineConfig } from 'vitest/config';

/** Hundreds of simulated hours and random histories: no part of the fast check. */
const HISTORIES = ['test/disruption-model.test.ts', 'benchmarks/rollouts/*.test.ts'] as const;

/** Properties draw their cases from vitest's seed. */
const SEEDED = { setupFiles: ['test/setup/seed-properties.ts'] };

export default defineConfig({
  test: {
    globalSetup: ['test/setup/provide-seed.ts'],
    sequence: { seed: 20_261_122 },
    projects: [
      {
        test: {
          name: 'unit',
          ...SEEDED,
          include: [
            'src/**/*.test.ts',
            'playground/**/*.test.ts',
            'benchmarks/**/*.test.ts',
            'test/*.test.ts',
            'test/golden/*.test.ts',
          ],
          exclude: ['**/node_modules/**', ...HISTORIES],
          // No test here changes what another one sees, so a worker loads each module once: a third of the CPU.
          pool: 'threads',
          // A test that starts a process may wait long for a core on a busy machine; it says what is wrong by itself.
          testTimeout: 30_000,
          isolate: false,
          // By default one core stays free, which on two cores means one worker. A good part of the time is spent
          // waiting for sockets, so three keep two cores busy.
          maxWorkers: 3,
          restoreMocks: true,
          unstubEnvs: true,
        },
      },
      {
        test: {
          name: 'histories',
          ...SEEDED,
          include: [...HISTORIES],
          testTimeout: 300_000,
          pool: 'threads',
          isolate: false,
        },
      },
      {
        test: {
          name: 'integration',
          ...SEEDED,
          include: ['test/integration/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 900_000,
          // Each file has a control plane of its own, and most of its time is spent waiting for one.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'vllm',
          ...SEEDED,
          include: ['test/vllm/**/*.test.ts'],
          // A real engine on two cores takes a minute or two to start.
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
