/** The status of a pod as the kubelet writes it, computed from the state of its containers. */

export interface WaitingState {
  readonly waiting: { readonly reason: string; readonly message?: string };
}
export interface RunningState {
  readonly running: { readonly startedAt: string };
}
export interface TerminatedState {
  readonly terminated: {
    readonly exitCode: number;
    readonly reason: string;
    readonly message?: string;
    readonly startedAt: string;
    readonly finishedAt: string;
  };
}
export type ContainerState = WaitingState | RunningState | TerminatedState;

/** One container as its worker sees it. */
export interface ContainerView {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly lastState: TerminatedState | undefined;
  readonly restartCount: number;
  /** The start-up probe has succeeded, or there is none, and the process runs. */
  readonly started: boolean;
  readonly ready: boolean;
  /** It has ended and the restart policy does not run it again. */
  readonly finished: boolean;
}

type ConditionType = 'PodReadyToStartContainers' | 'Initialized' | 'ContainersReady' | 'Ready';

export interface PodCondition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False';
  readonly lastTransitionTime: string;
  readonly reason?: string;
  readonly message?: string;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** A time as `metav1.Time` has it: whole seconds, UTC. */
export function kubeTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Pending until every container has been started once; Succeeded or Failed once none will run again. */
export function podPhase(containers: readonly ContainerView[]): PodPhase {
  if (containers.every((container) => container.finished)) {
    const failed = containers.some(({ state }) => 'terminated' in state && state.terminated.exitCode !== 0);
    return failed ? 'Failed' : 'Succeeded';
  }
  const neverStarted = containers.some(
    ({ state, lastState }) => 'waiting' in state && lastState === undefined,
  );
  return neverStarted ? 'Pending' : 'Running';
}

/**
 * The conditions that the kubelet owns (PodScheduled is the scheduler's). A condition whose status did not change keeps
 * its transition time.
 */
export function podConditions(
  containers: readonly ContainerView[],
  previous: readonly PodCondition[],
  now: number,
): PodCondition[] {
  const unready = containers.filter((container) => !container.ready).map((container) => container.name);
  const phase = podPhase(containers);
  const notReady =
    phase === 'Succeeded' || phase === 'Failed'
      ? { reason: 'PodCompleted' }
      : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const condition = (type: ConditionType, holds: boolean): PodCondition => {
    const status = holds ? 'True' : 'False';
    const before = previous.find((old) => old.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : kubeTime(now);
    return { type, status, lastTransitionTime, ...(holds ? {} : notReady) };
  };
  return [
    condition('PodReadyToStartContainers', true),
    condition('Initialized', true),
    condition('ContainersReady', unready.length === 0),
    condition('Ready', unready.length === 0),
  ];
}

export function containerStatus(container: ContainerView): Readonly<Record<string, unknown>> {
  const { name, image, state, lastState, restartCount, started, ready } = container;
  const ran = 'running' in state || 'terminated' in state || lastState !== undefined;
  return {
    name,
    image,
    imageID: ran ? `playground://${image}` : '',
    state,
    lastState: lastState ?? {},
    restartCount,
    started,
    ready,
    ...(ran ? { containerID: `playground://${name}-${restartCount}` } : {}),
  };
}
