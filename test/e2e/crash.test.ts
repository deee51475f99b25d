import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DRAINING_DELETION_COST, REMOVING_DELETION_COST } from '../../src/disruption/marks.ts';
import type { RequestSize, Stage } from '../../src/loadtest/plan/arrivals.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { expectKubectl, installWarden } from '../../playground/warden/install.ts';
import { eventually } from '../integration/playground/eventually.ts';
import {
  applyFleet,
  DOWN_WINDOW_SECONDS,
  FAST_SHRINK,
  patchSpec,
  readFleet,
  settledAt,
  warningsOf,
} from './support/fleets.ts';
import { Load } from './support/load.ts';
import { OperatorPair, SHORT_LEASE } from '../../playground/warden/operator-pair.ts';
import { deletionCost, isReady, PodHistory, readPods } from '../../playground/warden/pod-history.ts';

/*
 * One load, twice: with two operators in peace, and with the leader killed at ten random points. What the cluster
 * looks like in the end, and what was done to engines on the way, must not tell the two runs apart.
 */

/** Given by a person who wants a failed run's points of time again. */
const SEED = Number(process.env['CRASH_SEED'] ?? randomInt(2 ** 31));
const KILLS = 10;
const KILLS_WITHIN_MS = 75_000;

const MIN_REPLICAS = 2;
/** Most engines; the load at the end asks for as many, or more. */
const END_REPLICAS = 4;

/*
 * Even one engine takes the whole load without a queue. By its KV cache over the target the load asks for the most
 * engines at its height and for the fewest between, whoever asks and however long nobody did.
 */
const ENGINE_ARGS = ['--num-gpu-blocks-override=120', '--sim-speed=0.1'];
const TARGETS = { queueDepth: 50, kvCacheUsage: 0.2 };
/** A burst that a busy machine makes of overdue requests is no load. */
const BEHAVIOR = { ...FAST_SHRINK, scaleUp: { stabilizationWindowSeconds: 3 } };
const REQUEST: RequestSize = { promptTokens: 40, outputTokens: 8 };
const HIGH = 15;
const LOW = 2;
/** Low for longer than arrivals are counted over and the down-window. */
const STAGES: readonly Stage[] = [
  { requestsPerSecond: HIGH, durationMs: 15_000 },
  { requestsPerSecond: LOW, durationMs: 45_000 },
  { requestsPerSecond: HIGH, durationMs: 120_000 },
];

interface Outcome {
  readonly replicas: number | undefined;
  readonly created: number;
  readonly removedWhileServing: readonly string[];
  readonly shrinks: number;
  readonly leastServing: number;
  readonly leftoverCosts: readonly string[];
  readonly warnings: readonly string[];
}

let pg: Playground;
let operators: OperatorPair;

beforeAll(async () => {
  pg = await startPlayground({
    nodes: [{ name: 'node-a', gpus: 16 }],
    simulator: { flags: ['--sim-startup-seconds', '1'] },
  });
  await installWarden(pg);
  operators = await OperatorPair.start(pg, SHORT_LEASE);
});

afterAll(async () => {
  await operators[Symbol.asyncDispose]();
  await pg.stop();
});

test(
  'the leader killed ten times: same size, no engine lost but chosen victims, nothing left behind',
  { timeout: 600_000 },
  async () => {
    const undisturbed = await run('undisturbed', (elapsed) => elapsed.until(KILLS_WITHIN_MS));
    expect(undisturbed, 'the load makes the fleet grow, shrink and grow').toMatchObject({
      replicas: END_REPLICAS,
      removedWhileServing: [],
      leastServing: MIN_REPLICAS,
      leftoverCosts: [],
      warnings: [],
    });
    expect(undisturbed.shrinks).toBeGreaterThan(0);

    const random = createRandom(SEED);
    const points = Array.from({ length: KILLS }, () => random() * KILLS_WITHIN_MS).toSorted((a, b) => a - b);
    process.stdout
      .write(`CRASH_SEED=${SEED}: kills at ${points.map((ms) => (ms / 1000).toFixed(1)).join(', ')} s
`);
    const disturbed = await run('disturbed', async (elapsed) => {
      for (const point of points) {
        await elapsed.until(point);
        await operators.killLeader();
      }
      await elapsed.until(KILLS_WITHIN_MS);
    });
    expect(disturbed).toMatchObject({
      replicas: undisturbed.replicas,
      removedWhileServing: [],
      leftoverCosts: [],
      warnings: [],
    });
    // Each leader measures anew what arrives, and may order an engine more for a while.
    expect(disturbed.created).toBeLessThanOrEqual(undisturbed.created + 4);
    expect(disturbed.leastServing).toBeGreaterThanOrEqual(MIN_REPLICAS);
  },
);

test(
  'killed between mark and shrink: the mark goes when the shrink is no longer wanted',
  { timeout: 180_000 },
  async () => {
    await using history = new PodHistory(pg, 'marked');
    await applyFleet(pg, 'marked', { scaling: { minReplicas: 3, maxReplicas: 4 } });
    await settledAt(pg, 'marked', 3);
    const leader = await operators.leader();
    const marked = history.firstMarked();
    await patchSpec(pg, 'marked', { scaling: { minReplicas: 1 } });
    await marked;
    leader.kill('SIGKILL');
    await patchSpec(pg, 'marked', { scaling: { minReplicas: 3 } });
    await eventually(async () => {
      const pods = await readPods(pg, 'marked');
      expect(pods.map(deletionCost)).toEqual([undefined, undefined, undefined]);
    });
    await settledAt(pg, 'marked', 3);
    expect(lostEngines(history)).toEqual([]);
  },
);

interface Elapsed {
  /** Resolves so long after the load began. */
  until(ms: number): Promise<void>;
}

/** A fleet from its creation until it has settled under the last stage of the load. */
async function run(fleet: string, during: (elapsed: Elapsed) => Promise<void>): Promise<Outcome> {
  await using history = new PodHistory(pg, fleet);
  const scaling = {
    minReplicas: MIN_REPLICAS,
    maxReplicas: END_REPLICAS,
    targets: TARGETS,
    behavior: BEHAVIOR,
  };
  await applyFleet(pg, fleet, { scaling, args: ENGINE_ARGS });
  await settledAt(pg, fleet, MIN_REPLICAS);
  await using _load = await Load.start(pg, fleet, STAGES, REQUEST);
  const startMs = performance.now();
  await during({ until: (ms) => sleep(Math.max(0, startMs + ms - performance.now())) });
  await settledAt(pg, fleet, END_REPLICAS);
  // A leader that forgot something would change the size once its down-window is over.
  await sleep(DOWN_WINDOW_SECONDS * 1000);
  const { status } = await readFleet(pg, fleet);
  const outcome = {
    replicas: status?.replicas,
    created: history.created,
    removedWhileServing: lostEngines(history),
    shrinks: history.removed.filter((pod) => isReady(pod) && isVictim(pod)).length,
    leastServing: history.leastServingSince(MIN_REPLICAS),
    leftoverCosts: (await readPods(pg, fleet)).filter((pod) => deletionCost(pod) !== undefined).map(nameOf),
    // An engine at a tenth of its speed is too slow for a chat, and is told so.
    warnings: (await warningsOf(pg, fleet)).filter((reason) => reason !== 'LatencyTargetUnreachable'),
  };
  await expectKubectl(pg, ['delete', 'vllmdeployment', fleet]);
  return outcome;
}

/** Engines that were deleted while they were ready, and were no victim of a shrink. */
function lostEngines(history: PodHistory): readonly string[] {
  return history.removed.filter((pod) => isReady(pod) && !isVictim(pod)).map(nameOf);
}

type Pod = PodHistory['removed'][number];

function isVictim(pod: Pod): boolean {
  return [DRAINING_DELETION_COST, REMOVING_DELETION_COST].map(String).includes(deletionCost(pod) ?? '');
}

function nameOf({ metadata }: Pod): string {
  return metadata.name;
}
