import { ANNOTATIONS, ENGINE_CONTAINER, KIND, LABELS, MEMBER } from '../../api/v1alpha1/constants.ts';
import { quantityValue } from '../../api/quantity.ts';
import type {
  ContainerSnapshot,
  EngineLifecycle,
  EngineSnapshot,
  EngineTrouble,
} from '../../snapshot/engine-snapshot.ts';
import { replicaSetName } from '../../workload/names.ts';
import { readDrainedLabels } from './drained-labels.ts';
import type { PodProjection } from './projections.ts';

type ContainerStatus = PodProjection['status']['containerStatuses'][number];
type PodCondition = PodProjection['status']['conditions'][number];

/** Waiting states of a container that are part of a normal start. */
const NORMAL_WAITS: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);
const TROUBLE_LENGTH = 200;
const LAST_WORDS_LENGTH = 1000;

/** A pod that has ended is no engine any more; its ReplicaSet has replaced it. */
export function isEngine(pod: PodProjection): boolean {
  return pod.status.phase !== 'Succeeded' && pod.status.phase !== 'Failed';
}

/** What is known of an engine beside its pod. */
export type SeenElsewhere = Pick<
  EngineSnapshot,
  'page' | 'isListed' | 'recentPages' | 'history' | 'memory' | 'probe'
>;

/** What a decision may see of the engine in this pod. */
export function observeEngine(pod: PodProjection, elsewhere: SeenElsewhere): EngineSnapshot {
  const { metadata, spec, status } = pod;
  const container = status.containerStatuses.find(({ name }) => name === ENGINE_CONTAINER);
  const ready = status.conditions.find(({ type }) => type === 'Ready');
  const scheduled = status.conditions.find(({ type }) => type === 'PodScheduled');
  const isReady = ready?.status === 'True';
  const trouble = container === undefined ? undefined : troubleOf(container);
  const ended = container === undefined ? undefined : lastExit(container);
  const cost = Number(metadata.annotations?.[ANNOTATIONS.podDeletionCost]);
  const serving = metadata.labels?.[LABELS.serving];
  const claim = metadata.annotations?.[ANNOTATIONS.claim];
  const drainedLabels = readDrainedLabels(metadata.annotations?.[ANNOTATIONS.drainedLabels]);
  const graceSeconds = metadata.deletionGracePeriodSeconds;
  const endsBy = metadata.deletionTimestamp;
  const isUnschedulable = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  return {
    uid: metadata.uid,
    name: metadata.name,
    revision: metadata.labels?.[LABELS.revision] ?? '',
    replicaSet: replicaSetOf(metadata),
    resourceVersion: metadata.resourceVersion,
    lifecycle: lifecycleOf(pod, container, ready),
    createdAtMs: Date.parse(metadata.creationTimestamp ?? ''),
    restarts: container?.restartCount ?? 0,
    ...elsewhere,
    ...(container !== undefined && { container: containerOf(pod, container) }),
    isMember: metadata.labels?.[LABELS.member] === MEMBER.true,
    ...(status.phase !== undefined && { phase: status.phase }),
    ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }),
    ...(scheduled?.status === 'True' &&
      scheduled.lastTransitionTime != null && { scheduledAtMs: Date.parse(scheduled.lastTransitionTime) }),
    ...(isReady && ready.lastTransitionTime != null && { readyAtMs: Date.parse(ready.lastTransitionTime) }),
    ...(ready?.status === 'False' &&
      ready.lastTransitionTime != null && { unreadySinceMs: Date.parse(ready.lastTransitionTime) }),
    ...(isUnschedulable && { unschedulable: scheduled.message ?? 'no node takes it' }),
    ...(trouble !== undefined && { trouble }),
    ...(ended !== undefined && { lastExit: ended }),
    ...(Number.isInteger(cost) && { deletionCost: cost }),
    ...(serving !== undefined && { serving }),
    ...(claim !== undefined && { claim }),
    ...(drainedLabels !== undefined && { drainedLabels }),
    ...(graceSeconds !== undefined && { deletionGraceSeconds: graceSeconds }),
    ...(endsBy !== undefined && { endsByMs: Date.parse(endsBy) }),
  };
}

/** The ReplicaSet that the engine belongs to; one that was taken out of it is owned by its fleet meanwhile. */
function replicaSetOf({ ownerReferences, labels }: PodProjection['metadata']): string {
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  const revision = labels?.[LABELS.revision];
  if (owner?.kind === KIND) return revision === undefined ? '' : replicaSetName(owner.name, revision);
  return owner?.name ?? '';
}

/** The port that the engine serves on, by its container's port named `http`. */
export function servingPort(pod: PodProjection, portName: string): number | undefined {
  return engineContainer(pod)?.ports.find(({ name }) => name === portName)?.containerPort;
}

function engineContainer({ spec }: PodProjection): PodProjection['spec']['containers'][number] | undefined {
  return spec.containers.find(({ name }) => name === ENGINE_CONTAINER);
}

function lifecycleOf(
  pod: PodProjection,
  container: ContainerStatus | undefined,
  ready: PodCondition | undefined,
): EngineLifecycle {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (pod.spec.nodeName === undefined) return 'Pending';
  if (ready?.status === 'True') return 'Ready';
  return wasReady(container, ready) ? 'Unready' : 'Loading';
}

/**
 * Whether the container that runs now was ready before. The kubelet sets Ready to False when it takes the pod in,
 * before any container starts, and touches it again only when it changes: so a transition after the container's
 * start is one away from ready. An engine that has started and awaits its first readiness probe still loads.
 */
function wasReady(container: ContainerStatus | undefined, ready: PodCondition | undefined): boolean {
  const startedAt = container?.state.running?.startedAt;
  const changedAt = ready?.lastTransitionTime;
  if (container?.started !== true || startedAt == null || changedAt == null) return false;
  return Date.parse(changedAt) > Date.parse(startedAt);
}

function troubleOf(container: ContainerStatus): EngineTrouble | undefined {
  const { waiting } = container.state;
  if (waiting?.reason === undefined || NORMAL_WAITS.has(waiting.reason)) return undefined;
  const ended = lastExit(container);
  const exit = ended === undefined ? '' : `; ${ended}`;
  return { reason: waiting.reason, message: `${(waiting.message ?? '').slice(0, TROUBLE_LENGTH)}${exit}` };
}

/** The memory limit of the engine's container in bytes. */
export function memoryLimit(pod: PodProjection): number | undefined {
  const limit = engineContainer(pod)?.resources.limits?.['memory'];
  return limit === undefined ? undefined : quantityValue(limit);
}

function containerOf(pod: PodProjection, { state, lastState, started }: ContainerStatus): ContainerSnapshot {
  const memoryLimitBytes = memoryLimit(pod);
  const { running } = state;
  const { terminated } = lastState;
  return {
    isRunning: running !== undefined,
    hasStarted: started === true,
    ...(running?.startedAt != null && { startedAtMs: Date.parse(running.startedAt) }),
    ...(memoryLimitBytes !== undefined && { memoryLimitBytes }),
    ...(terminated !== undefined && {
      lastEnd: {
        reason: terminated.reason ?? 'Unknown',
        exitCode: terminated.exitCode,
        ...(terminated.finishedAt != null && { atMs: Date.parse(terminated.finishedAt) }),
        ...(terminated.message !== undefined && { message: terminated.message.slice(-LAST_WORDS_LENGTH) }),
      },
    }),
  };
}

/** With the last line that the container wrote, where the kubelet keeps it: vLLM's own word on why it ended. */
function lastExit({ lastState: { terminated } }: ContainerStatus): string | undefined {
  if (terminated === undefined) return undefined;
  const lastLine = terminated.message?.trim().split('\n').at(-1)?.slice(0, TROUBLE_LENGTH) ?? '';
  const exit = `last exit ${terminated.reason ?? ''} (code ${terminated.exitCode})`;
  return lastLine === '' ? exit : `${exit}: ${lastLine}`;
}
