import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { FaultProxy } from '../../../playground/fault-proxy/fault-proxy.ts';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts';
import { systemClock } from '../../../src/kube/system-clock.ts';
import { Controller } from '../../../src/runtime/controller.ts';
import { EventRecorder } from '../../../src/runtime/event-recorder.ts';
import { LeaderElector } from '../../../src/runtime/leader-elector.ts';
import { Manager, type ManagerExit } from '../../../src/runtime/manager.ts';
import { silentLog, silentMetrics } from '../../../src/runtime/silent.ts';
import { eventually } from '../playground/eventually.ts';

const LEASE = { namespace: 'default', name: 'operator' };
const LEASE_PATH = '/apis/coordination.k8s.io/v1/namespaces/default/leases/operator';
const common = { clock: systemClock, random: Math.random, log: silentLog, metrics: silentMetrics };

const LeaseBody = z.object({
  spec: z.object({
    holderIdentity: z.string().default(''),
    renewTime: z.string(),
    leaseTransitions: z.number().default(0),
  }),
});

let pg: Playground;
let proxy: FaultProxy;
let kube: KubeClient;

beforeAll(async () => {
  pg = await startPlayground();
  const started = await pg.startFaultProxy('admin');
  proxy = started.proxy;
  const { kubeconfig } = started;
  kube = createKubeClient({ kubeconfig, userAgent: 'vllm-warden/test', log: silentLog });
});
afterEach(async () => {
  proxy.clearRules();
  await pg.request('DELETE', LEASE_PATH);
});
afterAll(async () => {
  await kube.close();
  await pg.stop();
});

interface Operator {
  readonly stop: AbortController;
  readonly exit: Promise<ManagerExit>;
  /** Settles when the pass of the one key is told to stop. */
  readonly aborted: Promise<unknown>;
}

/** An operator with one pass that lasts until it is aborted, and a lease with short times. */
async function lead(identity: string): Promise<Operator> {
  const started = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<unknown>();
  const controller = new Controller({
    ...common,
    name: 'endless',
    reconcile: async (_request, { signal }) => {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      aborted.resolve(signal.reason);
      throw signal.reason;
    },
  });
  controller.enqueue('default/key');
  const timing = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 200 };
  const manager = new Manager({
    clock: systemClock,
    log: silentLog,
    caches: [],
    elector: new LeaderElector({ ...common, client: kube.lease(LEASE), identity, timing }),
    controllers: [controller],
    events: new EventRecorder({ ...common, sink: kube.events({ controller: 'test', instance: identity }) }),
    close: () => Promise.resolve(),
    limits: { cacheSyncMs: 1_000, drainMs: 100, abortMs: 5_000, flushMs: 100 },
  });
  const stop = new AbortController();
  const exit = manager.run(stop.signal);
  await started.promise;
  return { stop, exit, aborted: aborted.promise };
}

async function lease(): Promise<z.infer<typeof LeaseBody>['spec']> {
  return (await pg.call(LeaseBody, 'GET', LEASE_PATH)).spec;
}

test('a Lease is really there, with six digits of a second (javascript #828, agentconnect #873), and is renewed', async () => {
  const { stop, exit } = await lead('one');
  const first = await lease();
  expect(first).toMatchObject({ holderIdentity: 'one', leaseTransitions: 0 });
  expect(first.renewTime).toMatch(/T\d\d:\d\d:\d\d\.\d{6}Z$/);
  await eventually(async () => expect((await lease()).renewTime).not.toBe(first.renewTime));
  stop.abort();
  expect(await exit).toMatchObject({ reason: 'Stopped' });
});

test('after an orderly stop the next one leads without waiting', async () => {
  const one = await lead('one');
  one.stop.abort();
  await one.exit;
  expect((await lease()).holderIdentity).toBe('');
  const two = await lead('two');
  expect(await lease()).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
  two.stop.abort();
  await two.exit;
});

test('work is aborted and the operator ends when somebody else takes the lease, which stays theirs', async () => {
  const { exit, aborted } = await lead('one');
  const theirs = { spec: { holderIdentity: 'two' } };
  await pg.request('PATCH', LEASE_PATH, theirs, 'application/merge-patch+json');
  expect(await aborted).toMatchObject({ code: 'LeadershipLost' });
  expect(await exit).toEqual({ reason: 'LeadershipLost', message: 'another replica holds the lease' });
  expect((await lease()).holderIdentity).toBe('two');
});

test('work is aborted when the API server no longer answers, before another could take over', async () => {
  const { exit, aborted } = await lead('one');
  proxy.addRule({ path: /leases/, action: { kind: 'half-open' } });
  expect(await aborted).toMatchObject({ code: 'LeadershipLost' });
  expect(await exit).toMatchObject({ message: 'the lease was not renewed for 2 s' });
});

test('a renewal whose answer is lost does not end the term', async () => {
  const { stop, exit } = await lead('one');
  const puts = { method: 'PUT', path: /leases/ };
  proxy.addRule({ ...puts, times: 3, action: { kind: 'lose-answer' } });
  const seen = proxy.count(puts);
  await eventually(() => expect(proxy.count(puts)).toBeGreaterThan(seen + 6));
  expect(await lease()).toMatchObject({ holderIdentity: 'one', leaseTransitions: 0 });
  stop.abort();
  expect(await exit).toMatchObject({ reason: 'Stopped' });
});

test('one request that hangs does not end the term', async () => {
  const { stop, exit } = await lead('one');
  const puts = { method: 'PUT', path: /leases/ };
  proxy.addRule({ ...puts, times: 1, action: { kind: 'half-open' } });
  const seen = proxy.count(puts);
  await eventually(() => expect(proxy.count(puts)).toBeGreaterThan(seen + 4));
  stop.abort();
  expect(await exit).toMatchObject({ reason: 'Stopped' });
});
