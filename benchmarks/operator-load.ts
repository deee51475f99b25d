import { setTimeout as sleep } from 'node:timers/promises';
import { startPlayground, type Playground } from '../playground/playground.ts';
import { applyManifest, installWarden } from '../playground/warden/install.ts';
import { startOperator } from '../playground/warden/operator-process.ts';
import { runBenchmark } from './support/benchmark.ts';
import { fleetManifest, INTERVAL_SECONDS } from './support/fleets.ts';
import { PageEngines } from './support/page-engines.ts';
import { processUsage, type ProcessUsage } from './support/process-usage.ts';
import { figure, rounded, table } from './support/table.ts';
import { waitUntil } from './support/wait.ts';

/**
 * CPU and memory of the operator's process with 50 engines that are read once a second, against the same process
 * without any. The engines live in this process, so nothing of theirs is counted.
 * Run: `node benchmarks/operator-load.ts [--json] [--quick]`.
 */
const ENGINES = 50;
const WINDOW_MS = 60_000;
const QUICK_WINDOW_MS = 10_000;
const SETTLE_MS = 10_000;
const QUICK_SETTLE_MS = 3_000;
const START_TIMEOUT_MS = 120_000;
const FLEET = 'chat';

interface Measured extends ProcessUsage {
  readonly what: string;
  readonly pages: number;
  readonly seconds: number;
}

interface Windows {
  readonly settleMs: number;
  readonly windowMs: number;
}

async function main(windows: Windows): Promise<readonly Measured[]> {
  const engines = new PageEngines();
  await using playground = await startPlayground({
    nodes: [{ name: 'gpu-node-1', gpus: ENGINES }],
    startContainer: engines.startContainer,
    log: console.log,
  });
  await installWarden(playground);
  const operator = await startOperator(playground);
  const fleet = engines.fleet(FLEET);
  const measure = (what: string): Promise<Measured> =>
    measureWindow(what, operator.pid, () => fleet.pagesSent, windows);
  try {
    await waitUntil('leader', () => operator.log().includes('"leading"'), START_TIMEOUT_MS);
    const idle = await measure('no engine');
    await startFleet(playground, engines);
    const calm = await measure(`${ENGINES} engines, calm`);
    fleet.load = 'overloaded';
    const overloaded = await measure(`${ENGINES} engines, overloaded at maxReplicas`);
    return [idle, calm, overloaded];
  } finally {
    await operator.stop();
  }
}

async function startFleet(playground: Playground, engines: PageEngines): Promise<void> {
  await applyManifest(playground, fleetManifest(FLEET, ENGINES, ENGINES));
  const fleet = engines.fleet(FLEET);
  await waitUntil(`${ENGINES} engines`, () => fleet.startedAtMs.length === ENGINES, START_TIMEOUT_MS);
}

async function measureWindow(
  what: string,
  pid: number,
  pagesSent: () => number,
  { settleMs, windowMs }: Windows,
): Promise<Measured> {
  await sleep(settleMs);
  const before = { ...processUsage(pid), pages: pagesSent(), atMs: performance.now() };
  await sleep(windowMs);
  const after = processUsage(pid);
  return {
    ...after,
    what,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    pages: pagesSent() - before.pages,
    seconds: (performance.now() - before.atMs) / 1000,
  };
}

await runBenchmark('operator-load', async ({ quick }) => {
  const measured = await main(
    quick
      ? { settleMs: QUICK_SETTLE_MS, windowMs: QUICK_WINDOW_MS }
      : { settleMs: SETTLE_MS, windowMs: WINDOW_MS },
  );
  const idle = measured[0];
  const rows = measured.map(({ what, pages, seconds, cpuSeconds, residentMiB, peakResidentMiB }) => {
    const cpuShare = cpuSeconds / seconds;
    const idleShare = idle === undefined ? undefined : idle.cpuSeconds / idle.seconds;
    const extra = idleShare === undefined || pages === 0 ? undefined : (cpuShare - idleShare) * seconds;
    return {
      what,
      pagesPerSecond: pages / seconds,
      cpuSeconds,
      cpuPercentOfOneCore: 100 * cpuShare,
      millisecondsPerPage: extra === undefined ? undefined : (1000 * extra) / pages,
      residentMiB,
      peakResidentMiB,
      residentRatio: idle === undefined ? undefined : residentMiB / idle.residentMiB,
    };
  });
  return {
    lines: [
      `one page every ${INTERVAL_SECONDS} s from each engine, windows of ${figure(idle?.seconds, 0)} s; CPU in per cent of one core`,
      ...table(
        ['operator with', 'pages/s', 'CPU s', 'CPU %', 'CPU ms/page', 'RSS MiB', 'peak MiB', 'RSS ratio'],
        rows.map((row) => [
          row.what,
          figure(row.pagesPerSecond, 1),
          figure(row.cpuSeconds, 2),
          figure(row.cpuPercentOfOneCore, 1),
          row.millisecondsPerPage === undefined ? '-' : figure(row.millisecondsPerPage, 2),
          figure(row.residentMiB, 0),
          figure(row.peakResidentMiB, 0),
          figure(row.residentRatio, 2),
        ]),
      ),
    ],
    figures: {
      engines: ENGINES,
      intervalSeconds: INTERVAL_SECONDS,
      rows: rows.map(({ what, ...values }) => ({
        what,
        ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rounded(value, 2)])),
      })),
    },
  };
});
