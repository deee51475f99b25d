import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../src/fleet/outcomes.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import { eventually } from '../../playground/eventually.ts';
import type { Playground } from '../../playground/playground.ts';
import { ClaimHistory, type SeenClaim } from '../../playground/warden/claim-history.ts';
import type { OperatorPair } from '../../playground/warden/operator-pair.ts';
import { PodHistory } from '../../playground/warden/pod-history.ts';
import type { Act } from './acts.ts';
import { FleetClients, LAG_MS, type SentRequest, type Traffic } from './clients.ts';
import { applyDrainedFleet, settled, type DrainedFleet } from './drained-fleet.ts';
import { killLeaders, StepFeed, type Kill } from './kill-leaders.ts';

/** What was seen of one act. */
export interface PlayedAct {
  readonly act: Act;
  readonly requests: readonly SentRequest[];
  readonly claims: readonly SeenClaim[];
  readonly outcomes: readonly Outcome[];
  readonly pods: PodHistory;
  /** From the beginning of the act until every engine that it took had gone; epoch milliseconds. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

export interface Played {
  readonly acts: readonly PlayedAct[];
  readonly kills: readonly Kill[];
}

export interface PlayOptions {
  readonly playground: Playground;
  /** Whose leaders are killed; absent: nobody is. */
  readonly operators?: OperatorPair;
  readonly acts: readonly Act[];
  readonly traffic: Omit<Traffic, 'seed'>;
  /** Of the choice of engines, the moments of the kills and the lengths of streams. */
  readonly seed: number;
}

const GONE_TIMEOUT_MS = 120_000;

/** Plays all acts at a time, each on a fleet of its own, while leaders are killed. */
export async function playActs(options: PlayOptions): Promise<Played> {
  const { operators, acts, seed } = options;
  const feed = new StepFeed();
  const curtain = new AbortController();
  const killing =
    operators === undefined
      ? Promise.resolve([])
      : killLeaders(operators, feed, createRandom(seed), curtain.signal);
  const playing = Promise.allSettled(
    acts.map((act, index) => playAct(options, act, seed + 1000 * (index + 1), feed)),
  ).finally(() => curtain.abort());
  // Whoever fails does not take the playground from under the others.
  const [played, kills] = await Promise.allSettled([playing, killing]);
  return { acts: valueOf(played).map(valueOf), kills: valueOf(kills) };
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

function deployed(fleet: DrainedFleet) {
  return async (playground: Playground): Promise<void> => {
    await applyDrainedFleet(playground, fleet);
    await settled(playground, fleet.name, fleet.engines);
  };
}

async function playAct(
  { playground, traffic }: PlayOptions,
  act: Act,
  seed: number,
  feed: StepFeed,
): Promise<PlayedAct> {
  const { fleet } = act;
  await using pods = new PodHistory(playground, fleet.name);
  await using claims = new ClaimHistory(playground, fleet.name, feed.publish);
  await (act.deploy ?? deployed(fleet))(playground);
  await using clients = await FleetClients.start(playground, fleet.name, fleet.engines, { ...traffic, seed });
  const beganAtMs = Date.now();
  await act.play({ playground, fleet, pods, random: createRandom(seed) });
  await eventually(() => {
    const leaving = pods.removed.filter(({ metadata }) => pods.goneAtMs(metadata.uid) === undefined);
    if (leaving.length > 0) throw new Error(`${leaving.length} engines of ${fleet.name} are still leaving`);
  }, GONE_TIMEOUT_MS);
  const endedAtMs = Date.now();
  // What a client that lags still sends to the last of them shows by then.
  await sleep(LAG_MS + 1000);
  return {
    act,
    requests: clients.requests,
    claims: claims.claims,
    outcomes: claims.outcomes,
    pods,
    beganAtMs,
    endedAtMs,
  };
}
