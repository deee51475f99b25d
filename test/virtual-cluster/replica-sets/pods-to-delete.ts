import { ANNOTATIONS } from '../../../src/api/v1alpha1/constants.ts';
import { isActive, isReady, type VirtualPod } from '../kinds.ts';

/** How many pods the other ReplicaSets and this one have on the node of a pod, by pod uid. */
export type Ranks = ReadonlyMap<string, number>;

/**
 * Pods by node: active pods that any ReplicaSet with the same controller selects. Without a controller none is
 * related (replica_set.go `getIndirectlyRelatedPods`, `getPodsRankedByRelatedPodsOnSameNode`, 1.34.4).
 */
export function rankByNode(pods: readonly VirtualPod[], related: readonly VirtualPod[]): Ranks {
  const onNode = new Map<string, number>();
  for (const { spec } of related.filter(isActive)) {
    const node = spec.nodeName ?? '';
    onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  return new Map(pods.map(({ metadata, spec }) => [metadata.uid, onNode.get(spec.nodeName ?? '') ?? 0]));
}

/**
 * The pods in the order in which a ReplicaSet removes them (replica_set.go `getPodsToDelete`). Pods that no rule
 * tells apart stay in the order in which they come, which in a real cluster is that of a hash map.
 */
export function removalOrder(
  pods: readonly VirtualPod[],
  ranks: Ranks,
  nowMs: number,
): readonly VirtualPod[] {
  return pods.toSorted((a, b) => compareForRemoval(a, b, ranks, nowMs));
}

/**
 * Negative when `a` goes before `b`, 0 when no rule tells them apart: `ActivePodsWithRanks.Less` of
 * pkg/controller/controller_utils.go (Kubernetes 1.34.4) with its default gates: unassigned, phase, not ready,
 * deletion cost, doubled up, ready for less time, more restarts, younger.
 */
export function compareForRemoval(a: VirtualPod, b: VirtualPod, ranks: Ranks, nowMs: number): number {
  const rank = ({ metadata }: VirtualPod): number => ranks.get(metadata.uid) ?? 0;
  return (
    Number(isAssigned(a)) - Number(isAssigned(b)) ||
    phaseOrdinal(a) - phaseOrdinal(b) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    rank(b) - rank(a) ||
    compareAges(a, b, readySinceMs, nowMs) ||
    restarts(b) - restarts(a) ||
    compareAges(a, b, createdAtMs, nowMs)
  );
}

/**
 * The younger first, by the power of two of their ages in nanoseconds (gate LogarithmicScaleDown, on by default):
 * within one power the order is that of the uids, as good as random. The same time says nothing.
 */
function compareAges(
  a: VirtualPod,
  b: VirtualPod,
  timeOf: (pod: VirtualPod) => number | undefined,
  nowMs: number,
): number {
  const [timeA, timeB] = [timeOf(a), timeOf(b)];
  if (timeA === undefined || timeB === undefined || timeA === timeB) return 0;
  return magnitude(nowMs - timeA) - magnitude(nowMs - timeB) || (a.metadata.uid < b.metadata.uid ? -1 : 1);
}

/** The whole part of the binary logarithm of an age in nanoseconds; -1 of none (`logarithmicRankDiff`). */
function magnitude(ageMs: number): number {
  return ageMs > 0 ? Math.trunc(Math.log2(ageMs * 1_000_000)) : -1;
}

function isAssigned({ spec }: VirtualPod): boolean {
  return spec.nodeName !== undefined && spec.nodeName !== '';
}

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

function phaseOrdinal({ status }: VirtualPod): number {
  return PHASES[status.phase ?? ''] ?? 0;
}

/** The API server refuses what is no 32-bit integer. */
function deletionCost({ metadata }: VirtualPod): number {
  return Number(metadata.annotations?.[ANNOTATIONS.podDeletionCost] ?? '0');
}

function readySinceMs({ status }: VirtualPod): number | undefined {
  const ready = status.conditions.find(({ type, status: value }) => type === 'Ready' && value === 'True');
  return ready?.lastTransitionTime == null ? undefined : Date.parse(ready.lastTransitionTime);
}

function restarts({ status }: VirtualPod): number {
  return Math.max(0, ...status.containerStatuses.map(({ restartCount }) => restartCount));
}

function createdAtMs({ metadata }: VirtualPod): number | undefined {
  return metadata.creationTimestamp === undefined ? undefined : Date.parse(metadata.creationTimestamp);
}
