import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEvent } from '../playground/control-plane/audit.ts';
import { startPlayground, type Playground } from '../playground/playground.ts';
import { applyManifest, expectKubectl, installWarden } from '../playground/warden/install.ts';
import { startOperator } from '../playground/warden/operator-process.ts';
import { describeDistribution } from '../src/loadtest/plan/distribution.ts';
import { runBenchmark } from './support/benchmark.ts';
import { fleetManifest, INTERVAL_SECONDS } from './support/fleets.ts';
import { epochMs, PageEngines } from './support/page-engines.ts';
import { figure, rounded, table } from './support/table.ts';
import { waitUntil } from './support/wait.ts';

/**
 * How long after the first page that shows overload the operator has written the new size. Each trial has a fleet of
 * its own that grows from one engine to two; times of writes are those of the API server's audit log.
 * Run: `node benchmarks/decision-latency.ts [--json] [--quick]`.
 */
const TRIALS_PER_ROUND = 20;
const ROUNDS = 5;
const QUICK_ROUNDS = 1;
const START_TIMEOUT_MS = 120_000;
const TRIAL_TIMEOUT_MS = 30_000;

/** What one trial saw; times in epoch milliseconds. */
interface Trial {
  readonly fleet: string;
  /** The engine's figures changed; the page was asked for up to an interval later. */
  readonly overloadedAtMs: number;
  readonly pageSentAtMs: number;
  readonly engineStartedAtMs: number;
}

type Latencies = Readonly<Record<keyof typeof ROWS, number>>;

const ROWS = {
  pageToRequest: 'page sent → request to scale received',
  pageToWrite: 'page sent → replicas written',
  pageToEngine: "page sent → new engine's container starts",
  loadToWrite: 'overload begins → replicas written',
} as const;

async function main(rounds: number): Promise<readonly Latencies[]> {
  const engines = new PageEngines();
  await using playground = await startPlayground({
    nodes: ['gpu-node-1', 'gpu-node-2'].map((name) => ({ name, gpus: 110 })),
    startContainer: engines.startContainer,
    log: console.log,
  });
  await installWarden(playground);
  const operator = await startOperator(playground);
  try {
    const trials: Trial[] = [];
    for (let round = 0; round < rounds; round++) {
      const fleets = Array.from({ length: TRIALS_PER_ROUND }, (_, trial) => `chat-${round}-${trial}`);
      await startFleets(playground, engines, fleets);
      for (const fleet of fleets) trials.push(await overload(engines, fleet));
      await expectKubectl(playground, ['delete', 'vllmdeployment', '--all', '--wait=false']);
    }
    const audit = await playground.auditEvents();
    return trials.map((trial) => latencies(trial, audit));
  } finally {
    await operator.stop();
  }
}

async function startFleets(
  playground: Playground,
  engines: PageEngines,
  fleets: readonly string[],
): Promise<void> {
  await applyManifest(playground, fleets.map((name) => fleetManifest(name, 1, 2)).join('---\n'));
  const isRead = (): boolean => fleets.every((name) => engines.fleet(name).pagesSent > 1);
  await waitUntil(`pages of all ${fleets.length} engines`, isRead, START_TIMEOUT_MS);
}

async function overload(engines: PageEngines, name: string): Promise<Trial> {
  const fleet = engines.fleet(name);
  await sleep(Math.random() * INTERVAL_SECONDS * 1000); // anywhere in the interval
  const overloadedAtMs = epochMs();
  fleet.load = 'overloaded';
  await waitUntil(`second engine of ${name}`, () => fleet.startedAtMs.length > 1, TRIAL_TIMEOUT_MS);
  fleet.load = 'calm';
  const { overloadSentAtMs: pageSentAtMs = NaN, startedAtMs } = fleet;
  return { fleet: name, overloadedAtMs, pageSentAtMs, engineStartedAtMs: startedAtMs[1] ?? NaN };
}

function latencies(trial: Trial, audit: readonly AuditEvent[]): Latencies {
  const write = audit.find(
    ({ objectRef, verb, responseStatus }) =>
      objectRef?.resource === 'replicasets' &&
      objectRef.subresource === 'scale' &&
      objectRef.name?.startsWith(`${trial.fleet}-`) === true &&
      verb !== 'get' &&
      responseStatus?.code === 200,
  );
  if (write === undefined) throw new Error(`the audit log holds no write of the size of ${trial.fleet}`);
  const writtenAtMs = Date.parse(write.stageTimestamp);
  return {
    pageToRequest: Date.parse(write.requestReceivedTimestamp) - trial.pageSentAtMs,
    pageToWrite: writtenAtMs - trial.pageSentAtMs,
    pageToEngine: trial.engineStartedAtMs - trial.pageSentAtMs,
    loadToWrite: writtenAtMs - trial.overloadedAtMs,
  };
}

await runBenchmark('decision-latency', async ({ quick }) => {
  const trials = await main(quick ? QUICK_ROUNDS : ROUNDS);
  const intervalMs = INTERVAL_SECONDS * 1000;
  const rows = (['pageToRequest', 'pageToWrite', 'pageToEngine', 'loadToWrite'] as const).map((key) => {
    const { percentiles, max, insufficientSamples } = describeDistribution(trials.map((trial) => trial[key]));
    const p99 = insufficientSamples.includes('p99') ? undefined : percentiles.p99;
    return { key, p50: percentiles.p50, p95: percentiles.p95, p99, max };
  });
  return {
    lines: [
      `${trials.length} trials, ${TRIALS_PER_ROUND} fleets at a time, one page a second from each engine; milliseconds`,
      ...table(
        ['', 'p50', 'p95', 'p99', 'max', 'p50 / interval'],
        [
          ['baseline: one scrape interval', ...Array<string>(4).fill(String(intervalMs)), '1.00'],
          ...rows.map(({ key, p50, p95, p99, max }) => [
            ROWS[key],
            ...[p50, p95, p99, max].map((value) => figure(value, 0)),
            figure(p50 === undefined ? undefined : p50 / intervalMs, 2),
          ]),
        ],
      ),
    ],
    figures: {
      trials: trials.length,
      intervalMs,
      milliseconds: Object.fromEntries(
        rows.map(({ key, ...values }) => [
          key,
          Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rounded(value, 1)])),
        ]),
      ),
    },
  };
});
