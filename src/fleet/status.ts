import type {
  LearnedCapacity,
  RolloutStatus,
  ScalingChange,
  ScalingStatus,
  Summary,
  VLLMDeploymentStatus,
} from '../api/v1alpha1/status.ts';
import { LABELS, SERVICE_PORT } from '../api/v1alpha1/constants.ts';
import { isServing, isSilent } from '../snapshot/engine-snapshot.ts';
import { restartLines } from '../disruption/verification/text.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { LearnedLoad, SizeDecision } from '../scaling/types.ts';
import { buildConditions } from './conditions.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { engineLines } from './engine-lines.ts';
import { buildFindings } from './findings.ts';
import { totalReplicas } from './sizes.ts';
import { count, cut, percent } from './text.ts';
import { buildWhy } from './why.ts';

const HISTORY = 10;
const MESSAGE_LENGTH = 1024;
const REVISIONS_LENGTH = 64;
const PLAN = 10;
const UNSEEN = 4;
const PLAN_LENGTH = 512;

/** The status without the claims and how they ended, which only claim patches write. */
export type WrittenStatus = Omit<VLLMDeploymentStatus, 'disruptions' | 'disruptionHistory'>;

/**
 * The whole status of a fleet as one value, for people first. `history` is the list of carried-out changes of
 * size, oldest first. Pure; `nowMs` is milliseconds since the epoch.
 */
export function buildStatus(
  snapshot: FleetSnapshot,
  decision: FleetDecision,
  history: readonly ScalingChange[],
  nowMs: number,
): WrittenStatus {
  const { metadata } = snapshot.fleet;
  const kept = history.slice(-HISTORY);
  const state = stateOf(snapshot, decision);
  const findings = buildFindings(snapshot, decision);
  return {
    observedGeneration: metadata.generation ?? 0,
    replicas: decision.size.current,
    selector: `${LABELS.fleet}=${metadata.name}`,
    endpoints: [`http://${metadata.name}.${metadata.namespace}.svc:${SERVICE_PORT}/v1`],
    summary: summary(snapshot, decision, state),
    conditions: buildConditions(snapshot, decision, nowMs),
    scaling: scalingStatus(decision, kept, nowMs),
    ...(findings.length > 0 && { findings }),
    ...remediationStatus(snapshot, decision, unseenLines(snapshot, decision)),
    rollout: rolloutStatus(snapshot, decision),
    engines: engineLines(snapshot.engines, decision.disruption.progress, nowMs),
    why: buildWhy(snapshot, decision, state, kept, nowMs),
  };
}

function stateOf(snapshot: FleetSnapshot, decision: FleetDecision): Summary['state'] {
  const { size, notScaling } = decision;
  const { engines } = snapshot;
  const serving = engines.filter(isServing);
  if (snapshot.fleet.spec.suspend) return 'Suspended';
  if (snapshot.stalled !== undefined) return 'Stalled';
  const isSick = engines.some(
    ({ trouble, lifecycle, unschedulable }) =>
      trouble !== undefined || lifecycle === 'Unready' || unschedulable !== undefined,
  );
  const isBlind = serving.some(isSilent);
  const isRefused = snapshot.replicaSets.some(({ failure }) => failure !== undefined);
  const isStopped = decision.rollout.phase === 'Stopped';
  const isIll =
    decision.health.verdicts.some(({ state }) => state === 'Proved') || decision.health.sick.size > 0;
  if (isSick || isIll || isBlind || isRefused || isStopped || notScaling !== undefined) return 'Degraded';
  const total = totalReplicas(snapshot);
  const wanted = size.carriedOut ? size.desired : total;
  if (serving.length === 0 && wanted > 0) return 'Starting';
  return total !== wanted || serving.length !== total || decision.rollout.phase !== 'Complete'
    ? 'Scaling'
    : 'Ready';
}

/** Absent while there is nothing to tell. */
function remediationStatus(
  snapshot: FleetSnapshot,
  { health: { bookings, restarts } }: FleetDecision,
  notObservable: readonly string[],
): Pick<WrittenStatus, 'remediation'> {
  const { historyProblem } = snapshot;
  const plan = bookings.slice(0, PLAN).map(({ message }) => cut(message, PLAN_LENGTH));
  const told = {
    ...(plan.length > 0 && { plan }),
    ...(restarts.length > 0 && { restarts: [...restartLines(restarts)] }),
    ...(notObservable.length > 0 && { notObservable: [...notObservable] }),
    ...(historyProblem !== undefined && { history: cut(historyProblem, PLAN_LENGTH) }),
  };
  return Object.keys(told).length === 0 ? {} : { remediation: told };
}

/** That an engine is never idle is nobody's to mend. */
const MENDABLE: ReadonlySet<string> = new Set(['NoLimit', 'NoWorkingSet']);

/** What cannot be judged as things are, once for all engines of which it is true. */
function unseenLines({ memoryUnavailable }: FleetSnapshot, { health }: FleetDecision): readonly string[] {
  const mendable = health.unseen.filter(({ reason }) => MENDABLE.has(reason));
  return mendable.slice(0, UNSEEN).map(({ signature, reason, message, engine }) => {
    const why = reason === 'NoWorkingSet' && memoryUnavailable !== undefined ? `: ${memoryUnavailable}` : '';
    return cut(`${signature} (${reason}), of ${engine} among others: ${message}${why}`, PLAN_LENGTH);
  });
}

function rolloutStatus(snapshot: FleetSnapshot, { rollout }: FleetDecision): RolloutStatus {
  const { target, old, phase, reason, message, blockedRevision, comparison } = rollout;
  const ordered = totalReplicas(snapshot);
  const onTarget = snapshot.replicaSets.find(({ revision }) => revision === target)?.replicas ?? 0;
  return {
    to: target,
    progress: `${onTarget}/${ordered} on revision ${target}`,
    phase,
    reason,
    message: cut(message, MESSAGE_LENGTH),
    ...(old.length > 0 && { from: cut(old.map(({ revision }) => revision).join(','), REVISIONS_LENGTH) }),
    ...(blockedRevision !== undefined && { blockedRevision }),
    ...(comparison !== undefined && comparison.length > 0 && { comparison: [...comparison] }),
  };
}

function summary(snapshot: FleetSnapshot, { size }: FleetDecision, state: Summary['state']): Summary {
  const { inputs } = size;
  return {
    ready: `${inputs.ready}/${totalReplicas(snapshot)}`,
    desired: String(size.desired),
    waiting: count(inputs.waiting),
    kv: percent(inputs.kvCacheUsage),
    state,
    running: count(inputs.running),
    revision: snapshot.revision,
    version: snapshot.engineVersion ?? '?',
  };
}

function scalingStatus(
  { size, manualFloor }: FleetDecision,
  history: readonly ScalingChange[],
  nowMs: number,
): ScalingStatus {
  const limit = size.limits.at(-1);
  return {
    decidedAt: new Date(nowMs).toISOString(),
    current: size.current,
    desired: size.desired,
    reason: size.reason,
    message: cut(size.message, MESSAGE_LENGTH),
    inputs: inputsOf(size),
    proposals: size.proposals.map((proposal) => ({
      name: proposal.signal,
      ...(proposal.kind === 'Size' && { size: proposal.size }),
      reason: proposal.reason,
      message: cut(proposal.message, MESSAGE_LENGTH),
    })),
    ...(limit !== undefined && {
      limit: { size: limit.to, reason: limit.reason, message: cut(limit.message, MESSAGE_LENGTH) },
    }),
    wouldChange: cut(size.wouldChange, MESSAGE_LENGTH),
    ...(size.learned !== undefined && { learnedCapacity: learnedCapacity(size.learned) }),
    history: [...history],
    ...(manualFloor !== undefined && { manualFloor }),
  };
}

function learnedCapacity({ subject, load }: LearnedLoad): LearnedCapacity {
  return { subject, promptTokensPerSecond: Number(load.toPrecision(4)) };
}

function inputsOf({ inputs }: SizeDecision): Record<string, string> {
  return {
    readyEngines: String(inputs.ready),
    startingEngines: String(inputs.starting),
    missingPages: String(inputs.missing),
    waiting: count(inputs.waiting),
    deferred: count(inputs.deferred),
    running: count(inputs.running),
    kvCacheUsage: inputs.kvCacheUsage === undefined ? '?' : inputs.kvCacheUsage.toFixed(2),
  };
}
