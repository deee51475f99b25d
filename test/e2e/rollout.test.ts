import { readOutcomes } from '../../src/fleet/outcomes.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { installWarden } from '../../playground/warden/install.ts';
import { startOperator, type OperatorProcess } from '../../playground/warden/operator-process.ts';
import { isReady, PodHistory, readPods } from '../../playground/warden/pod-history.ts';
import { eventually } from '../integration/playground/eventually.ts';
import {
  applyFleet,
  describeFleet,
  fleetStatus,
  patchSpec,
  quietAt,
  readFleet,
  warningsOf,
  withCondition,
} from './support/fleets.ts';

/** From one revision to another: on and on, held, stopped, and back. Each test has a fleet of its own. */

const OLD_IMAGE = 'vllm-warden/simulator:v0.32.0';
const NEW_IMAGE = 'vllm-warden/simulator:v0.33.0';
const NO_IMAGE = 'example.com/no-such-engine:v0.33.0';
/** vLLM ends at once at a flag that it does not know. */
const CRASHING = ['--no-such-flag'];

/** Long enough for some passes and scrapes of a fleet that is read each second. */
const SOME_PASSES_MS = 3000;

let pg: Playground;
let operator: OperatorProcess;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 32 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
    restartBackoff: { baseMs: 300, maxMs: 600 },
  });
  await installWarden(pg);
  operator = await startOperator(pg);
});

afterAll(async () => {
  await operator.stop();
  await pg.stop();
});

test.concurrent('a roll-out that is paused stays where it is, and the fleet keeps its size', async () => {
  await using history = new PodHistory(pg, 'paused');
  await applyFleet(pg, 'paused', { scaling: { minReplicas: 3, maxReplicas: 4 } });
  await quietAt(pg, 'paused', 3);
  await patchSpec(pg, 'paused', { engine: { image: NEW_IMAGE } });
  await eventually(async () => expect(await imagesOf('paused', isReady)).toContain(NEW_IMAGE));
  await patchSpec(pg, 'paused', { rollout: { paused: true } });
  const held = { rollout: { phase: 'Paused' }, summary: { ready: '3/3' } };
  await eventually(async () => {
    const { status } = await fleetStatus(pg, 'paused', held);
    expect(status?.disruptions ?? []).toEqual([]);
  });
  const images = await imagesOf('paused');
  expect(new Set(images)).toEqual(new Set([OLD_IMAGE, NEW_IMAGE]));
  await sleep(SOME_PASSES_MS);
  expect(await imagesOf('paused')).toEqual(images);

  await patchSpec(pg, 'paused', { scaling: { minReplicas: 4 } });
  await fleetStatus(pg, 'paused', { ...held, summary: { ready: '4/4' } });
  await patchSpec(pg, 'paused', { rollout: { paused: false } });
  await quietAt(pg, 'paused', 4);
  expect(await imagesOf('paused')).toEqual(Array<string>(4).fill(NEW_IMAGE));
  expect(history.leastServingSince(3)).toBe(3);
});

test.concurrent(
  'a new revision that crashes stops the roll-out: the old engines stay, and why is said',
  async () => {
    await using history = new PodHistory(pg, 'crashing');
    await applyFleet(pg, 'crashing', { scaling: { minReplicas: 2, maxReplicas: 4 } });
    await quietAt(pg, 'crashing', 2);
    const engines = await uidsOf('crashing');
    await patchSpec(pg, 'crashing', { engine: { args: CRASHING } });
    const { status } = await fleetStatus(pg, 'crashing', {
      ...withCondition('RolloutStopped', 'True', 'CrashLoop'),
      rollout: { phase: 'Stopped', reason: 'CrashLoop' },
      summary: { state: 'Degraded' },
    });
    expect(status?.rollout?.blockedRevision).toBe(status?.rollout?.to);
    expect(await describeFleet(pg, 'crashing')).toMatch(
      /has restarted \d+ times; .*last exit Error \(code 2\)/,
    );
    await eventually(async () => expect(await warningsOf(pg, 'crashing')).toContain('CrashLoop'));
    await sleep(SOME_PASSES_MS);
    expect(await uidsOf('crashing')).toEqual(expect.arrayContaining([...engines]));
    expect(history.most, 'one engine of the bad revision, and no other').toBe(3);

    await patchSpec(pg, 'crashing', { engine: { args: [] } });
    await quietAt(pg, 'crashing', 2);
    expect(await uidsOf('crashing'), 'no good engine was restarted').toEqual(engines);
    expect(history.leastServingSince(2)).toBe(2);
  },
);

test.concurrent('with autoRollback, a revision that cannot start is taken back by itself', async () => {
  const scaling = { minReplicas: 2, maxReplicas: 4 };
  await applyFleet(pg, 'automatic', { scaling, spec: { rollout: { autoRollback: true } } });
  await quietAt(pg, 'automatic', 2);
  const engines = await uidsOf('automatic');
  await patchSpec(pg, 'automatic', { engine: { image: NO_IMAGE } });
  const { status } = await fleetStatus(pg, 'automatic', {
    ...withCondition('RolloutStopped', 'True', 'RolledBack'),
    rollout: { phase: 'Complete' },
    summary: { ready: '2/2' },
  });
  expect(status?.rollout?.blockedRevision).not.toBe(status?.rollout?.to);
  expect(await uidsOf('automatic')).toEqual(engines);
});

test.concurrent('rollbackTo serves an older revision, whatever the spec says', async () => {
  await using history = new PodHistory(pg, 'back');
  await applyFleet(pg, 'back', { scaling: { minReplicas: 2, maxReplicas: 4 } });
  const old = (await quietAt(pg, 'back', 2)).status?.rollout?.to ?? '';
  await patchSpec(pg, 'back', { engine: { image: NEW_IMAGE } });
  await quietAt(pg, 'back', 2);
  expect(await imagesOf('back')).toEqual([NEW_IMAGE, NEW_IMAGE]);

  await patchSpec(pg, 'back', { rollout: { rollbackTo: old } });
  expect((await quietAt(pg, 'back', 2)).status?.rollout?.to).toBe(old);
  expect(await imagesOf('back')).toEqual([OLD_IMAGE, OLD_IMAGE]);
  expect(history.leastServingSince(2)).toBe(2);

  const engines = await uidsOf('back');
  await patchSpec(pg, 'back', { engine: { image: OLD_IMAGE }, rollout: { rollbackTo: null } });
  await quietAt(pg, 'back', 2);
  await sleep(SOME_PASSES_MS);
  expect(await uidsOf('back'), 'the spec asks for what serves').toEqual(engines);
});

test.concurrent('rollbackTo ends a roll-out that was stopped', async () => {
  await applyFleet(pg, 'ended', { scaling: { minReplicas: 2, maxReplicas: 4 } });
  const old = (await quietAt(pg, 'ended', 2)).status?.rollout?.to ?? '';
  const engines = await uidsOf('ended');
  await patchSpec(pg, 'ended', { engine: { image: NO_IMAGE } });
  await fleetStatus(pg, 'ended', { rollout: { phase: 'Stopped', reason: 'ContainerRefused' } });
  await patchSpec(pg, 'ended', { rollout: { rollbackTo: old } });
  await quietAt(pg, 'ended', 2);
  expect(await uidsOf('ended')).toEqual(engines);
});

test.concurrent(
  'rollbackTo a revision that does not exist moves nothing and names those that do',
  async () => {
    await applyFleet(pg, 'unknown', { scaling: { minReplicas: 2, maxReplicas: 4 } });
    const old = (await quietAt(pg, 'unknown', 2)).status?.rollout?.to ?? '';
    const engines = await uidsOf('unknown');
    await patchSpec(pg, 'unknown', { rollout: { rollbackTo: 'typo' } });
    await fleetStatus(pg, 'unknown', withCondition('RolloutStopped', 'True', 'RevisionNotFound'));
    expect(await describeFleet(pg, 'unknown')).toContain(`no such revision: choose one of ${old}`);
    await sleep(SOME_PASSES_MS);
    expect(await uidsOf('unknown')).toEqual(engines);
  },
);

test.concurrent(
  'restartAt replaces every engine that is older, each after another one is ready',
  async () => {
    await using history = new PodHistory(pg, 'restarted');
    await applyFleet(pg, 'restarted', { scaling: { minReplicas: 2, maxReplicas: 4 } });
    await quietAt(pg, 'restarted', 2);
    const engines = await uidsOf('restarted');
    await sleep(1000); // creation times are whole seconds
    await patchSpec(pg, 'restarted', { rollout: { restartAt: new Date().toISOString() } });
    await eventually(async () => {
      expect((await uidsOf('restarted')).filter((uid) => engines.includes(uid))).toEqual([]);
    });
    await quietAt(pg, 'restarted', 2);
    const { status } = await readFleet(pg, 'restarted');
    expect(readOutcomes(status?.disruptionHistory).map(({ cause, outcome }) => [cause, outcome])).toEqual([
      ['Restart', 'Drained'],
      ['Restart', 'Drained'],
    ]);
    expect([history.created, history.most, history.leastServingSince(2)]).toEqual([4, 3, 2]);
  },
);

async function imagesOf(
  fleet: string,
  which: (pod: Awaited<ReturnType<typeof readPods>>[number]) => boolean = () => true,
): Promise<readonly (string | undefined)[]> {
  return (await readPods(pg, fleet)).filter(which).map(({ spec }) => spec.containers[0]?.image);
}

async function uidsOf(fleet: string): Promise<readonly string[]> {
  return (await readPods(pg, fleet)).map(({ metadata }) => metadata.uid);
}
