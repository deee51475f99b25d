import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { isServing } from '../../src/snapshot/engine-snapshot.ts';
import { NOW, type Load } from '../builders/engines.ts';
import { newSimulation, run, type Pass } from '../builders/simulation.ts';
import { Story } from '../builders/story.ts';

const SPEC = { scaling: { minReplicas: 1, maxReplicas: 6 } };
const STEP_SECONDS = 5;

/** Requests that the fleet has at a time, by minute: a calm start, a steep morning, a plateau, a slow evening. */
const DEMAND: readonly (readonly [minute: number, requests: number])[] = [
  [0, 6],
  [4, 8],
  [6, 90],
  [14, 90],
  [18, 20],
  [40, 6],
];

/** An engine runs sixteen requests; each holds 5 % of its KV cache; the others wait. */
function shareOf(requests: number, engines: number): Load {
  const mine = requests / Math.max(1, engines);
  const running = Math.min(16, Math.round(mine));
  return { running, waiting: Math.round(Math.max(0, mine - running)), kvCacheUsage: Math.min(1, running * 0.05) };
}

function demandAt(minute: number): number {
  const after = DEMAND.findIndex(([at]) => at > minute);
  const [start, low] = DEMAND[after - 1] ?? [0, 0];
  const [end, high] = DEMAND[after] ?? [minute + 1, low];
  return low + ((high - low) * (minute - start)) / (end - start);
}

function play(minutes: number, see?: (pass: Pass) => void) {
  let simulation = newSimulation();
  for (let second = 0; second < minutes * 60; second += STEP_SECONDS) {
    const requests = demandAt(second / 60);
    const serving = simulation.world.engines.filter(isServing).length;
    simulation = run(simulation, STEP_SECONDS, { startSeconds: () => 60, load: () => shareOf(requests, serving) }, { spec: SPEC }, see);
  }
  return simulation;
}

test('half an hour of a fleet whose pages count nothing: the queue and the KV cache alone size it', async () => {
  const story = new Story((ms) => `${demandAt(ms / 60_000).toFixed(0)} requests at a time`);
  play(32, ({ decision: { size }, next }) => story.see(size, next.world.nowMs - NOW));
  await expect(story.text).toMatchFileSnapshot('scaling-story.txt');
});

test('the whole status in the middle of the steep morning', async () => {
  await expect(stringify(play(8).status, { lineWidth: 0 })).toMatchFileSnapshot('fleet-status.yaml');
});
