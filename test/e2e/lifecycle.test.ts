import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { installWarden } from '../../playground/warden/install.ts';
import { startOperator } from '../../playground/warden/operator-process.ts';
import { eventually } from '../integration/playground/eventually.ts';
import { isWrite, kindOf, operatorRequests, succeeded } from './support/audit.ts';
import { applyFleet, patchSpec, settledAt } from './support/fleets.ts';
import { leaseHolder, OperatorPair, SHORT_LEASE } from '../../playground/warden/operator-pair.ts';

/** A lease that does not run out while a test looks: only giving it back makes room for the next leader. */
const LONG_LEASE = ['--lease-duration', '10m', '--renew-deadline', '5m', '--retry-period', '300ms'];

let pg: Playground;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 8 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
  });
  await installWarden(pg);
});

afterAll(async () => {
  await pg.stop();
});

test('SIGTERM ends the leader with status 0, and the standby goes on at once', async () => {
  await using operators = await OperatorPair.start(pg, LONG_LEASE);
  await applyFleet(pg, 'handed-over');
  await settledAt(pg, 'handed-over', 1);
  const [leader, standby] = [await operators.leader(), await operators.standby()];
  leader.kill('SIGTERM');
  expect(await leader.exited).toBe(0);
  expect(await operators.leader()).toBe(standby);
  await patchSpec(pg, 'handed-over', { scaling: { minReplicas: 2 } });
  await settledAt(pg, 'handed-over', 2);
});

test('the last operator leaves an empty lease behind', async () => {
  const operator = await startOperator(pg, { name: 'last', flags: LONG_LEASE });
  await eventually(async () => expect(operator.log()).toContain(await holder()));
  operator.kill('SIGTERM');
  expect(await operator.exited).toBe(0);
  expect(await leaseHolder(pg)).toBe('');
});

test('a leader that was paused past its lease writes nothing more and ends with status 1', async () => {
  const paused = await startOperator(pg, {
    name: 'paused',
    flags: SHORT_LEASE,
    // Another user, so that the audit log tells the two operators apart.
    kubeconfig: pg.kubeconfig('admin'),
  });
  await eventually(async () => expect(paused.log()).toContain(await holder()));
  await applyFleet(pg, 'paused');
  await settledAt(pg, 'paused', 1);
  paused.kill('SIGSTOP');
  const next = await startOperator(pg, { name: 'next', flags: SHORT_LEASE });
  try {
    await eventually(async () => expect(next.log()).toContain(await holder()));
    await patchSpec(pg, 'paused', { scaling: { minReplicas: 3 } });
    await settledAt(pg, 'paused', 3);
    const since = new Date();
    paused.kill('SIGCONT');
    expect(await paused.exited).toBe(1);
    const writes = (await operatorRequests(pg, since, 'admin')).filter(isWrite).filter(succeeded);
    // Events about what it did before it was paused may still go out.
    expect(writes.map(kindOf).filter((kind) => kind !== 'create events')).toEqual([]);
    await settledAt(pg, 'paused', 3);
  } finally {
    await Promise.all([paused.stop(), next.stop()]);
  }
});

test('an operator goes on after a restart of the API server', async () => {
  await using operators = await OperatorPair.start(pg, LONG_LEASE);
  await applyFleet(pg, 'outage');
  await settledAt(pg, 'outage', 1);
  const [leader, holderBefore] = [await operators.leader(), await leaseHolder(pg)];
  await pg.stopApiServer();
  await eventually(() => expect(leader.log()).toMatch(/"code":"ApiUnreachable"/));
  await pg.startApiServer();
  await patchSpec(pg, 'outage', { scaling: { minReplicas: 2 } });
  await settledAt(pg, 'outage', 2);
  expect(await leaseHolder(pg)).toBe(holderBefore);
});

/** Who holds the lease. @throws Error while nobody does */
async function holder(): Promise<string> {
  const identity = await leaseHolder(pg);
  if (identity === '') throw new Error('nobody holds the lease');
  return identity;
}
