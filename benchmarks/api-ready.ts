import { startPlayground } from '../playground/playground.ts';
import { describeDistribution } from '../src/loadtest/plan/distribution.ts';
import { runBenchmark } from './support/benchmark.ts';
import { figure, rounded, table } from './support/table.ts';

/**
 * How long a playground takes to start, once its control plane is built.
 * Run: `node benchmarks/api-ready.ts [--json] [--quick]`.
 */
const RUNS = 10;
const QUICK_RUNS = 2;

/** Milliseconds since the call of `startPlayground`. */
interface Start {
  /** The API server answers, and the default namespace takes pods. */
  readonly apiReadyMs: number;
  /** Pods can be scheduled to a node that was registered then. */
  readonly nodeReadyMs: number;
}

async function start(): Promise<Start> {
  const startMs = performance.now();
  await using playground = await startPlayground({ log: console.log });
  const apiReadyMs = performance.now() - startMs;
  await playground.addNode({ name: 'gpu-node-1', gpus: 8 });
  return { apiReadyMs, nodeReadyMs: performance.now() - startMs };
}

await runBenchmark('api-ready', async ({ quick }) => {
  await start(); // builds the control plane where it is not cached, and warms the file cache
  const starts: Start[] = [];
  for (let run = 0; run < (quick ? QUICK_RUNS : RUNS); run++) starts.push(await start());
  const rows = [
    { what: 'API server ready, pods taken', values: starts.map(({ apiReadyMs }) => apiReadyMs) },
    { what: 'first node schedulable', values: starts.map(({ nodeReadyMs }) => nodeReadyMs) },
  ].map(({ what, values }) => {
    const { percentiles, max } = describeDistribution(values);
    return { what, median: percentiles.p50, min: Math.min(...values), max };
  });
  return {
    lines: [
      `${starts.length} starts one after the other, seconds since startPlayground()`,
      ...table(
        ['', 'median', 'min', 'max'],
        rows.map(({ what, median, min, max }) => [what, ...[median, min, max].map(asSeconds)]),
      ),
    ],
    figures: {
      runs: starts.length,
      apiReadySeconds: starts.map(({ apiReadyMs }) => rounded(apiReadyMs / 1000, 2)),
      nodeSchedulableSeconds: starts.map(({ nodeReadyMs }) => rounded(nodeReadyMs / 1000, 2)),
      medianApiReadySeconds: rounded((rows[0]?.median ?? 0) / 1000, 2),
      medianNodeSchedulableSeconds: rounded((rows[1]?.median ?? 0) / 1000, 2),
    },
  };
});

function asSeconds(ms: number | undefined): string {
  return figure(ms === undefined ? undefined : ms / 1000, 2);
}
