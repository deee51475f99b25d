import { pick } from '../../virtual-cluster/random.ts';
import type { Random } from '../../../src/runtime/ports.ts';

/** What is written to one pod, in place of a scheduler, a kubelet and a person. */
export interface PodState {
  /** Absent: on no node. */
  readonly node?: string;
  readonly phase: 'Pending' | 'Unknown' | 'Running';
  /** Seconds for which it has been ready; absent: it is not. */
  readonly readyForSeconds?: number;
  readonly restarts: number;
  /** Text of the annotation of the deletion cost. */
  readonly cost?: string;
}

/** A ReplicaSet that is scaled down, beside another one of the same owner. */
export interface Situation {
  readonly name: string;
  /** Without an owner no other ReplicaSet is related. */
  readonly isOwned: boolean;
  readonly pods: readonly PodState[];
  /** The pods of the other ReplicaSet; none: there is no other. */
  readonly related: readonly PodState[];
  readonly removed: number;
}

export const NODES = ['node-a', 'node-b', 'node-c'] as const;

const MOST_PODS = 6;
const MOST_RELATED = 3;
/** Few values, so that they often agree. */
const COSTS = ['-2147483648', '-1073741824', '-1', '0', '5'] as const;

/** A random situation in which some of the rules, often the late ones, have the last word. */
export function randomSituation(index: number, random: Random): Situation {
  const count = 2 + Math.floor(random() * (MOST_PODS - 1));
  const alike = random() < 0.5;
  const sameTimes = random() < 0.4;
  const pods = Array.from({ length: count }, () => randomPod(random, alike, sameTimes));
  const related = random() < 0.5 ? 0 : 1 + Math.floor(random() * MOST_RELATED);
  return {
    name: `s${index}`,
    isOwned: random() < 0.8,
    pods: distinctTimes(pods, sameTimes),
    related: Array.from({ length: related }, () => randomPod(random, alike, sameTimes)),
    removed: 1 + Math.floor(random() * count),
  };
}

/** Pods that are alike are ready on a node and have no cost: what is left to tell them apart comes late. */
function randomPod(random: Random, alike: boolean, sameTimes: boolean): PodState {
  const node = pick(random, NODES) ?? NODES[0];
  const readyForSeconds = sameTimes ? 1000 : Math.round(2 ** (4 + random() * 10));
  const restarts = Math.floor(random() * 3);
  if (alike) return { node, phase: 'Running', readyForSeconds, restarts };
  const cost = random() < 0.5 ? undefined : pick(random, COSTS);
  return {
    ...(random() < 0.8 && { node }),
    phase: pick(random, ['Pending', 'Unknown', 'Running', 'Running', 'Running'] as const) ?? 'Running',
    ...(random() < 0.6 && { readyForSeconds }),
    restarts,
    ...(cost !== undefined && { cost }),
  };
}

/**
 * Either all have been ready for the same time or each for another: of three pods of which two agree, the order by
 * the logarithm of time may go in a circle, and then the real controller's answer depends on a hash map.
 */
function distinctTimes(pods: readonly PodState[], sameTimes: boolean): readonly PodState[] {
  if (sameTimes) return pods;
  return pods.map((pod, index) =>
    pod.readyForSeconds === undefined
      ? pod
      : { ...pod, readyForSeconds: pod.readyForSeconds * MOST_PODS + index },
  );
}
