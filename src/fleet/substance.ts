import { CONDITIONS } from '../api/v1alpha1/constants.ts';
import type { VLLMDeploymentStatus } from '../api/v1alpha1/status.ts';
import type { WrittenStatus } from './status.ts';

/**
 * Conditions that follow the load closely. Their change alone is not worth a write: it reaches the status with
 * the refresh once a minute, so that a fleet on the edge of a limit does not write at every pass.
 */
const FOLLOWS_LOAD: ReadonlySet<string> = new Set([CONDITIONS.scalingLimited]);

/** True when the two statuses differ in what a person must see at once, figures and sentences aside. */
export function differsInSubstance(a: WrittenStatus | undefined, b: WrittenStatus): boolean {
  return a === undefined || JSON.stringify(substance(a)) !== JSON.stringify(substance(b));
}

function substance(status: WrittenStatus): unknown {
  return [
    status.observedGeneration,
    status.replicas,
    status.summary?.ready,
    status.summary?.desired,
    status.summary?.state,
    status.summary?.revision,
    (status.conditions ?? [])
      .filter(({ type }) => !FOLLOWS_LOAD.has(type))
      .map(({ type, status: value, reason }) => `${type} ${value} ${reason}`)
      .toSorted(),
    (status.scaling?.history ?? []).map(({ at, from, to }) => [at, from, to]),
    status.scaling?.manualFloor,
    (status.findings ?? []).map(({ signature, engine, state }) => [signature, engine, state]),
    status.remediation?.plan?.length,
    status.remediation?.restarts,
    [
      status.rollout?.to,
      status.rollout?.from,
      status.rollout?.phase,
      status.rollout?.reason,
      status.rollout?.blockedRevision,
    ],
  ];
}

/**
 * What the claims of a fleet are at, as a key: a status that was written at another one tells of engines that have left
 * since, or not yet of those that leave.
 */
export function claimsKey(status: VLLMDeploymentStatus | undefined): string {
  const { disruptions = [], disruptionHistory = [] } = status ?? {};
  const steps = disruptions.map(({ victimUID, step, strategy }) => [victimUID, step, strategy]);
  return JSON.stringify([steps, disruptionHistory.at(-1)]);
}
