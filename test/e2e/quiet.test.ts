import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditEvent } from '../../playground/control-plane/audit.ts';
import { POD_METRICS_PATH } from '../../playground/node/pod-metrics.ts';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { installWarden } from '../../playground/warden/install.ts';
import { eventually } from '../integration/playground/eventually.ts';
import { isWrite, kindOf, operatorRequests } from './support/audit.ts';
import { applyFleet, settledAt } from './support/fleets.ts';
import { Load } from './support/load.ts';
import { OperatorPair } from '../../playground/warden/operator-pair.ts';
import { readPods } from '../../playground/warden/pod-history.ts';

const WATCHED_MS = 5 * 60_000;
const SETTLED_MS = 20_000;
const STATUS_REFRESH_MS = 60_000;
/** The API server's stamps may be this much closer than the operator's clock has it. */
const STAMP_TOLERANCE_MS = 1000;

/** Keeps two engines at about a third of their KV cache: well below what asks for a third one. */
const ENGINE_ARGS = ['--num-gpu-blocks-override=220', '--sim-speed=0.25'];
const REQUEST = { promptTokens: 64, outputTokens: 200 };
const STAGES = [{ requestsPerSecond: 0.7, durationMs: WATCHED_MS + 10 * 60_000 }];
/** Engines at a quarter of their speed are too slow for a chat. */
const PATIENT = { ttftMilliseconds: 60_000, interTokenMilliseconds: 5000, totalMilliseconds: 600_000 };
const DEFAULTS = { engine: { metrics: {} }, args: ENGINE_ARGS } as const;

let pg: Playground;
let operators: OperatorPair;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 4 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
  });
  await installWarden(pg);
  operators = await OperatorPair.start(pg);
});

afterAll(async () => {
  await operators[Symbol.asyncDispose]();
  await pg.stop();
});

test(
  'five minutes of constant load: the lease is renewed, memory read and each status refreshed once a minute, what was learned kept once, nothing else',
  { timeout: WATCHED_MS + 5 * 60_000 },
  async () => {
    await applyFleet(pg, 'steady', {
      ...DEFAULTS,
      // A load that is constant in the mean only may ask for another engine now and then: that is no idle write.
      scaling: { minReplicas: 2, maxReplicas: 2, behavior: {} },
      spec: { latency: PATIENT },
    });
    await applyFleet(pg, 'idle', { ...DEFAULTS, scaling: { minReplicas: 1, maxReplicas: 4, behavior: {} } });
    await Promise.all([settledAt(pg, 'steady', 2), settledAt(pg, 'idle', 1)]);
    await using load = await Load.start(pg, 'steady', STAGES, REQUEST);
    await eventually(expectBusyEngines);
    await noWritesFor(SETTLED_MS);

    const since = new Date();
    await sleep(WATCHED_MS);
    const requests = await operatorRequests(pg, since);

    await expectBusyEngines();
    expect(load.records.filter(({ outcome }) => !outcome.ok)).toEqual([]);
    const histories = requests.filter((event) => kindOf(event) === 'patch configmaps');
    const others = requests.filter((event) => isWrite(event) && !histories.includes(event));
    expect(new Set(others.map(kindOf))).toEqual(new Set(['update leases', 'patch vllmdeployments/status']));
    // What is learned of leaks is kept at most once in ten minutes: once in five for each of the two fleets.
    expect(new Set(histories.map(nameOf)).size).toBe(histories.length);
    expect(histories.length).toBeLessThanOrEqual(2);
    for (const fleet of ['steady', 'idle']) {
      const gaps = gapsOf(requests.filter((event) => isStatusWrite(event) && nameOf(event) === fleet));
      expect(gaps.length, `the status of ${fleet} is refreshed`).toBeGreaterThanOrEqual(2);
      expect(Math.min(...gaps)).toBeGreaterThan(STATUS_REFRESH_MS - STAMP_TOLERANCE_MS);
    }
    // The standby looks at the lease, the leader at the memory of engines. Watches end after some minutes and are taken up again where they ended,
    // without a list.
    const reads = requests.filter((event) => !isWrite(event) && event.verb !== 'watch');
    const measurements = reads.filter(({ requestURI }) => requestURI.startsWith(POD_METRICS_PATH));
    expect(measurements.length).toBeLessThanOrEqual(WATCHED_MS / 60_000 + 1);
    const rest = reads.filter((event) => !measurements.includes(event));
    expect(new Set(rest.map(kindOf))).toEqual(new Set(['get leases']));
  },
);

async function expectBusyEngines(): Promise<void> {
  for (const { metadata } of await readPods(pg, 'steady')) {
    const usage = pg.engineOf(metadata.name).figures()?.kvCacheUsage;
    // A moment's figure of a load that is only constant in the mean.
    expect(usage).toBeGreaterThan(0.05);
    expect(usage).toBeLessThan(0.75);
  }
}

function noWritesFor(ms: number): Promise<void> {
  return eventually(async () => {
    const recent = await operatorRequests(pg, new Date(Date.now() - ms));
    expect(recent.filter(isWrite).map(kindOf)).not.toContainEqual(expect.not.stringMatching(/ leases$/));
  });
}

function isStatusWrite(event: AuditEvent): boolean {
  return kindOf(event) === 'patch vllmdeployments/status';
}

function nameOf({ objectRef }: AuditEvent): string | undefined {
  return objectRef?.name;
}

/** Milliseconds between one request and the next. */
function gapsOf(events: readonly AuditEvent[]): readonly number[] {
  const times = events.map(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp));
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}
