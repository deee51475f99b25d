import { ANNOTATIONS } from '../../src/api/v1alpha1/constants.ts';
import { eventually } from '../../playground/eventually.ts';
import type { Playground } from '../../playground/playground.ts';
import { expectKubectl } from '../../playground/warden/install.ts';
import { readPods, type Pod, type PodHistory } from '../../playground/warden/pod-history.ts';
import {
  NEW_IMAGE,
  patchFleet,
  readFleet,
  resize,
  settled,
  toldBy,
  type DrainedFleet,
} from './drained-fleet.ts';

/** Where an act is played. */
export interface Stage {
  readonly playground: Playground;
  readonly fleet: DrainedFleet;
  readonly pods: PodHistory;
  readonly random: () => number;
}

/** Something that takes engines away from a fleet, while its clients stream. */
export interface Act {
  /** What a report calls it, such as `5 scale-downs`. */
  readonly title: string;
  readonly fleet: DrainedFleet;
  /** Engines that should serve at any time; the act itself asks for no fewer. */
  readonly capacity: number;
  /** Makes the engines and waits for them; absent: as a fleet of the operator. */
  readonly deploy?: (playground: Playground) => Promise<void>;
  play(stage: Stage): Promise<void>;
}

/** Several leaders may be killed over one. */
const REPLACE_TIMEOUT_MS = 300_000;
const ROLLOUT_TIMEOUT_MS = 600_000;
const NODE_DRAIN_TIMEOUT_MS = 240_000;
/** Of one call of kubectl, below the playground's limit for it. */
const NODE_DRAIN_CALL = '--timeout=50s';

/** Rounds of `each` engines less, one after the other, and back again. */
export function scaleDowns(fleet: DrainedFleet, rounds: number, each: number): Act {
  const smallest = fleet.engines - each;
  return {
    title: `${rounds * each} scale-downs`,
    fleet,
    capacity: smallest,
    play: async ({ playground }) => {
      for (let round = 1; round <= rounds; round++) {
        await resize(playground, fleet.name, smallest);
        await settled(playground, fleet.name, smallest, REPLACE_TIMEOUT_MS * each);
        if (round === rounds) return;
        await resize(playground, fleet.name, fleet.engines);
        await settled(playground, fleet.name, fleet.engines);
      }
    },
  };
}

/** Replaces that a person asks for by annotation, one after the other, of any engine. */
export function replaces(fleet: DrainedFleet, count: number): Act {
  return {
    title: `${count} replaces`,
    fleet,
    capacity: fleet.engines,
    play: async ({ playground, pods, random }) => {
      for (let done = 0; done < count; done++) {
        const victim = anyOf(await readPods(playground, fleet.name), random);
        const annotations = { [ANNOTATIONS.replace]: victim.metadata.name };
        await patchFleet(playground, fleet.name, { metadata: { annotations } });
        await eventually(async () => {
          if (pods.goneAtMs(victim.metadata.uid) !== undefined) return;
          const { status } = await readFleet(playground, fleet.name);
          throw new Error(`${victim.metadata.name} is to be replaced and still there: ${toldBy(status)}`);
        }, REPLACE_TIMEOUT_MS);
        await settled(playground, fleet.name, fleet.engines);
      }
    },
  };
}

/** A new image. */
export function rollOut(fleet: DrainedFleet): Act {
  return {
    title: `roll-out of ${fleet.engines} engines`,
    fleet,
    capacity: fleet.engines,
    play: async ({ playground }) => {
      await patchFleet(playground, fleet.name, { spec: { engine: { image: NEW_IMAGE } } });
      await eventually(async () => {
        const old = (await readPods(playground, fleet.name)).filter(
          ({ spec }) => spec.containers[0]?.image !== NEW_IMAGE,
        );
        if (old.length > 0) throw new Error(`${old.length} engines still run the old image`);
      }, ROLLOUT_TIMEOUT_MS);
      await settled(playground, fleet.name, fleet.engines);
    },
  };
}

/** `kubectl drain` of the node with the most engines of the fleet. */
export function nodeDrain(fleet: DrainedFleet): Act {
  return {
    title: '1 kubectl drain of a node',
    fleet,
    capacity: fleet.engines,
    play: async ({ playground }) => {
      const node = busiestNode(await readPods(playground, fleet.name));
      const drain = ['drain', node, '--ignore-daemonsets', '--delete-emptydir-data', NODE_DRAIN_CALL];
      // Engines go one at a time, each with its grace: kubectl is called until it has drained them all.
      await eventually(() => expectKubectl(playground, drain), NODE_DRAIN_TIMEOUT_MS);
      await settled(playground, fleet.name, fleet.engines);
      await expectKubectl(playground, ['uncordon', node]);
    },
  };
}

function anyOf(pods: readonly Pod[], random: () => number): Pod {
  const pod = pods[Math.floor(random() * pods.length)];
  if (pod === undefined) throw new Error('the fleet has no engine');
  return pod;
}

function busiestNode(pods: readonly Pod[]): string {
  const nodes = pods.flatMap(({ spec }) => spec.nodeName ?? []);
  const engines = (node: string): number => nodes.filter((other) => other === node).length;
  const [busiest] = nodes.toSorted((a, b) => engines(b) - engines(a));
  if (busiest === undefined) throw new Error('no engine of the fleet has a node');
  return busiest;
}
