import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Load } from '../builders/engines.ts';
import { newSimulation, run, type Pass } from '../builders/simulation.ts';

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

const clock = (seconds: number): string => {
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
};

/** One line each time that the size, or the reason for it, is another than at the pass before. */
function tell(): { readonly lines: string[]; readonly see: (pass: Pass) => void } {
  const lines: string[] = [];
  let before = '';
  let seconds = 0;
  const see = ({ decision: { size } }: Pass): void => {
    const { current, desired, reason, message, inputs } = size;
    const key = `${current} ${desired} ${reason}`;
    const state = `${inputs.ready} ready, ${inputs.starting} starting, ${inputs.waiting ?? '?'} waiting`;
    const move = desired === current ? `stays ${current}` : `${current} → ${desired}`;
    if (key !== before) lines.push(`${clock(seconds)}  ${move.padEnd(8)} ${reason} [${state}]`, `       ${message}`);
    before = key;
    seconds += STEP_SECONDS;
  };
  return { lines, see };
}

function play(minutes: number, see?: (pass: Pass) => void) {
  let simulation = newSimulation();
  for (let second = 0; second < minutes * 60; second += STEP_SECONDS) {
    const requests = demandAt(second / 60);
    const serving = simulation.world.engines.filter(({ lifecycle }) => lifecycle === 'Ready').length;
    simulation = run(simulation, STEP_SECONDS, { startSeconds: () => 60, load: () => shareOf(requests, serving) }, { spec: SPEC }, see);
  }
  return simulation;
}

test('half an hour of a fleet, one entry a change of decision', async () => {
  const { lines, see } = tell();
  play(32, see);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('scaling-story.txt');
});

test('the whole status in the middle of the steep morning', async () => {
  await expect(stringify(play(8).status, { lineWidth: 0 })).toMatchFileSnapshot('fleet-status.yaml');
});
