import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../playground/eventually.ts';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { seededRandom } from '../virtual-cluster/random.ts';
import type { VirtualPod } from '../virtual-cluster/kinds.ts';
import { compareForRemoval, rankByNode, type Ranks } from '../virtual-cluster/replica-sets/pods-to-delete.ts';
import { randomSituation, type PodState, type Situation } from './replica-set-victims/situation.ts';
import {
  createNodes,
  createSets,
  forEach,
  otherOf,
  podsOf,
  readyReplicas,
  scale,
  shapePod,
} from './replica-set-victims/stage.ts';

const SITUATIONS = 200;
const SEED = 20_260_302;
const MOMENTS = 21;
/** Written after all else: once its readiness is seen, the controller has seen every pod as it is. */
const LAST: Situation = {
  name: 'last',
  isOwned: false,
  pods: [{ node: 'node-a', phase: 'Running', readyForSeconds: 0, restarts: 0 }],
  related: [],
  removed: 1,
};

let pg: Playground;

beforeAll(async () => {
  pg = await startPlayground();
});
afterAll(async () => {
  await pg.stop();
});

interface Outcome {
  readonly situation: Situation;
  readonly removed: readonly VirtualPod[];
  readonly kept: readonly VirtualPod[];
  /** The order of the virtual cluster at moments from just before the real one chose until just after. */
  readonly orders: readonly ((a: VirtualPod, b: VirtualPod) => number)[];
}

test(`the virtual cluster removes the pods that the real one removes, in ${SITUATIONS} random situations`, async () => {
  const random = seededRandom(SEED);
  const situations = Array.from({ length: SITUATIONS }, (_, index) => randomSituation(index, random));
  await forEach([...situations, LAST], (situation) => createSets(pg, situation));
  await growTogether([...situations, LAST]);
  // As late as can be: a minute after a node was made without a kubelet, the node controller touches its pods.
  await createNodes(pg);
  await forEach(situations, shape);
  await shape(LAST);
  await eventually(async () => expect(await readyReplicas(pg, LAST.name)).toBe(1));
  const outcomes: Outcome[] = [];
  await forEach(situations, async (situation) => void outcomes.push(await shrink(situation)));
  const wrong = outcomes.filter((outcome) => !outcome.orders.some((order) => agrees(outcome, order)));
  expect(wrong.map(({ situation }) => situation)).toEqual([]);
  const certain = outcomes.filter(({ removed, kept, orders }) =>
    orders.every((order) => removed.every((gone) => kept.every((other) => order(gone, other) < 0))),
  );
  expect(certain.length).toBeGreaterThan(0.9 * SITUATIONS);
});

/** One pod more in every set, more than a second after the one before: no two pods of a set are of the same age. */
async function growTogether(situations: readonly Situation[]): Promise<void> {
  const sets = situations.flatMap(({ name, pods, related }) => [
    { name, size: pods.length },
    { name: otherOf(name), size: related.length },
  ]);
  for (let size = 1; sets.some((set) => set.size >= size); size += 1) {
    const growing = sets.filter((set) => set.size >= size);
    await forEach(growing, ({ name }) => scale(pg, name, size));
    await forEach(growing, ({ name }) =>
      eventually(async () => expect(await podsOf(pg, name)).toHaveLength(size)),
    );
    await sleep(1100);
  }
}

async function shape({ name, pods, related }: Situation): Promise<void> {
  await shapeSet(name, pods);
  if (related.length > 0) await shapeSet(otherOf(name), related);
}

async function shapeSet(set: string, states: readonly PodState[]): Promise<void> {
  const pods = await podsOf(pg, set);
  const nowMs = Date.now();
  for (const [index, state] of states.entries()) {
    await shapePod(pg, pods[index]?.metadata.name ?? '', state, nowMs);
  }
}

async function shrink(situation: Situation): Promise<Outcome> {
  const { name, isOwned, related, pods, removed } = situation;
  const before = await podsOf(pg, name);
  const others = related.length === 0 ? [] : await podsOf(pg, otherOf(name));
  const ranks: Ranks = isOwned ? rankByNode(before, [...before, ...others]) : new Map();
  const scaledAtMs = Date.now();
  await scale(pg, name, pods.length - removed);
  const kept = await eventually(async () => {
    const left = (await podsOf(pg, name)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    expect(left).toHaveLength(pods.length - removed);
    return left;
  });
  const keptUids = new Set(kept.map(({ metadata }) => metadata.uid));
  return {
    situation,
    kept,
    removed: before.filter(({ metadata }) => !keptUids.has(metadata.uid)),
    orders: momentsBetween(scaledAtMs, Date.now()).map(
      (nowMs) => (a: VirtualPod, b: VirtualPod) => compareForRemoval(a, b, ranks, nowMs),
    ),
  };
}

/** On a busy machine much time may pass, and ages of pods pass powers of two. */
function momentsBetween(fromMs: number, toMs: number): readonly number[] {
  return Array.from({ length: MOMENTS }, (_, index) => fromMs + ((toMs - fromMs) * index) / (MOMENTS - 1));
}

/** Whether no pod that stayed would have gone before one that went. */
function agrees({ removed, kept }: Outcome, order: Outcome['orders'][number]): boolean {
  return removed.every((gone) => kept.every((other) => order(gone, other) <= 0));
}
