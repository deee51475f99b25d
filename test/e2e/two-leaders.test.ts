import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { ClaimHistory, type ClaimStep } from '../../playground/warden/claim-history.ts';
import { installWarden } from '../../playground/warden/install.ts';
import { startOperator, type OperatorProcess } from '../../playground/warden/operator-process.ts';
import { leaseHolder, SHORT_LEASE } from '../../playground/warden/operator-pair.ts';
import { PodHistory } from '../../playground/warden/pod-history.ts';
import { eventually } from '../integration/playground/eventually.ts';
import { isWrite, kindOf, operatorRequests, succeeded } from './support/audit.ts';
import { applyFleet, patchSpec, quietAt, strayMarks } from './support/fleets.ts';

/** A leader that is stopped in the middle of a claim, and woken long after another one has taken over. */

const STOPPED_MS = 30_000;

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

test.each(['Claimed', 'Removing'] as const)(
  'a leader stopped for 30 s when a claim is at %s: the next one takes that engine alone, the old one none',
  async (step) => {
    const fleet = `stopped-${step.toLowerCase()}`;
    await using history = new PodHistory(pg, fleet);
    // Another user, so that the audit log tells the two operators apart.
    const old = await lead(`old-${step}`, 'admin');
    let next: OperatorProcess | undefined;
    try {
      await applyFleet(pg, fleet, { scaling: { minReplicas: 3, maxReplicas: 3 } });
      await quietAt(pg, fleet, 3);
      const entered = Promise.withResolvers<void>();
      await using claims = new ClaimHistory(pg, fleet, stopAt(step, old, entered.resolve));
      await patchSpec(pg, fleet, { scaling: { minReplicas: 2, maxReplicas: 2 } });
      await entered.promise;
      const asleep = sleep(STOPPED_MS);
      next = await lead(`next-${step}`, 'operator');
      await quietAt(pg, fleet, 2);
      await asleep;
      const since = new Date();
      old.kill('SIGCONT');
      expect(await old.exited).toBe(1);
      const writes = (await operatorRequests(pg, since, 'admin')).filter(isWrite).filter(succeeded);
      // Events about what it did before it was stopped may still go out.
      expect(writes.map(kindOf).filter((kind) => kind !== 'create events')).toEqual([]);
      await quietAt(pg, fleet, 2);
      expect(history.removed.map(({ metadata }) => metadata.uid)).toEqual([
        claims.claims[0]?.claim.victimUID,
      ]);
      expect(claims.claims).toHaveLength(1);
      expect(await strayMarks(pg, fleet)).toEqual([]);
    } finally {
      await Promise.all([old.stop(), next?.stop()]);
    }
  },
);

function stopAt(step: ClaimStep, operator: OperatorProcess, stopped: () => void) {
  return (event: { readonly step: ClaimStep }): void => {
    if (event.step !== step) return;
    operator.kill('SIGSTOP');
    stopped();
  };
}

/** Starts an operator and waits until it leads. */
async function lead(name: string, user: 'admin' | 'operator'): Promise<OperatorProcess> {
  const operator = await startOperator(pg, { name, flags: SHORT_LEASE, kubeconfig: pg.kubeconfig(user) });
  await eventually(async () => {
    const holder = await leaseHolder(pg);
    if (holder === '' || !operator.log().includes(holder)) throw new Error(`"${holder}" leads, not ${name}`);
  });
  return operator;
}
