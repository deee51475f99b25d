import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { membersOf } from './members.ts';

/** Why an engine that should start does not. */
export interface StartFailure {
  /** `NoRoom`: it would start elsewhere or later. `Failed`: another one of its kind would do no better. */
  readonly kind: 'NoRoom' | 'Failed';
  readonly reason: 'Unschedulable' | 'PodsRefused' | 'CrashLoop' | 'ContainerRefused' | 'NotReadyInTime';
  readonly message: string;
}

/** Two restarts could be one bad moment each; a third start that fails is a loop. */
const RESTARTS_OF_A_LOOP = 2;
/** An engine that is not gone so long after its grace is on a node that is lost: it frees nothing. */
const LATE_MS = 60_000;

/**
 * States of a container that the kubelet does not leave until a person changes something; between two tries of an image
 * it says ErrImagePull for some seconds.
 */
const REFUSED: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

export interface StartLimits {
  readonly startupTimeoutSeconds: number;
  /** For how long an engine may find no node before there is no room for it. */
  readonly surgeTimeoutSeconds: number;
}

/**
 * What keeps engines of a ReplicaSet from starting; a bad revision says more than a lack of room. While an engine of the
 * fleet is on its way out, its accelerator is about to be free, and waiting for it is no lack of room.
 */
export function failureToStart(
  snapshot: FleetSnapshot,
  set: ReplicaSetSnapshot,
  nowMs: number,
  sinceMs = 0,
): StartFailure | undefined {
  const { engine, rollout } = snapshot.fleet.spec;
  const limits = { ...engine, ...rollout };
  const failures = membersOf(snapshot, set)
    .filter(({ createdAtMs }) => createdAtMs >= sinceMs)
    .flatMap((member) => startFailure(member, limits, nowMs) ?? []);
  const failed = failures.find(({ kind }) => kind === 'Failed');
  const isFreeing = snapshot.engines.some(
    ({ lifecycle, endsByMs = nowMs }) => lifecycle === 'Terminating' && nowMs <= endsByMs + LATE_MS,
  );
  if (failed !== undefined || isFreeing) return failed;
  return failures[0] ?? refusalOf(set, limits, nowMs);
}

/** What keeps the engine from starting; undefined while nothing does, or it may still come. */
export function startFailure(
  engine: EngineSnapshot,
  { startupTimeoutSeconds, surgeTimeoutSeconds }: StartLimits,
  nowMs: number,
): StartFailure | undefined {
  const { name, lifecycle, trouble, lastExit, restarts, unschedulable } = engine;
  if (lifecycle === 'Ready' || lifecycle === 'Terminating') return undefined;
  if (restarts >= RESTARTS_OF_A_LOOP) {
    const why = trouble === undefined ? lastExit : `${trouble.reason}: ${trouble.message}`;
    return {
      kind: 'Failed',
      reason: 'CrashLoop',
      message: `${name} has restarted ${restarts} times${why === undefined ? '' : `; ${why}`}`,
    };
  }
  if (trouble !== undefined && REFUSED.has(trouble.reason)) {
    const message = `${name} cannot start: ${trouble.reason}: ${trouble.message}`;
    return { kind: 'Failed', reason: 'ContainerRefused', message };
  }
  const seconds = Math.round((nowMs - (engine.scheduledAtMs ?? engine.createdAtMs)) / 1000);
  if (unschedulable !== undefined) {
    if (seconds < surgeTimeoutSeconds) return undefined;
    const message = `${name} has found no node for ${seconds} s: ${unschedulable}`;
    return { kind: 'NoRoom', reason: 'Unschedulable', message };
  }
  if (lifecycle !== 'Loading' || seconds <= startupTimeoutSeconds) return undefined;
  const message = `${name} is not ready after ${seconds} s, engine.startupTimeoutSeconds is ${startupTimeoutSeconds}`;
  return { kind: 'Failed', reason: 'NotReadyInTime', message };
}

/** What keeps the ReplicaSet from making engines: a quota, or an admission webhook. */
export function refusalOf(
  { name, failure, failureSinceMs }: ReplicaSetSnapshot,
  { surgeTimeoutSeconds }: StartLimits,
  nowMs: number,
): StartFailure | undefined {
  if (failure === undefined) return undefined;
  const seconds = Math.round((nowMs - (failureSinceMs ?? 0)) / 1000);
  if (seconds < surgeTimeoutSeconds) return undefined;
  const message = `ReplicaSet ${name} may make no engine: ${failure}`;
  return { kind: 'NoRoom', reason: 'PodsRefused', message };
}
