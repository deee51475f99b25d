import type { Condition } from '../api/meta.ts';
import { CONDITIONS } from '../api/v1alpha1/constants.ts';
import { claimsOf } from '../disruption/claims.ts';
import { isServing, isSilent, type EngineLoad } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { buildFindings } from './findings.ts';
import { isRolling } from './rollout-state.ts';
import { totalReplicas } from './sizes.ts';
import { cut, plural } from './text.ts';

/** One condition without its bookkeeping (transition time, generation). */
interface Finding {
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

type Check = (snapshot: FleetSnapshot, decision: FleetDecision) => Finding;

/** Every condition of the resource and how it is found. Ready, MetricsAvailable and ScalingActive are true when good. */
const CHECKS: Readonly<Record<string, Check>> = {
  [CONDITIONS.ready]: ready,
  [CONDITIONS.reconciling]: reconciling,
  [CONDITIONS.stalled]: stalled,
  [CONDITIONS.metricsAvailable]: metricsAvailable,
  [CONDITIONS.scalingActive]: scalingActive,
  [CONDITIONS.scalingLimited]: scalingLimited,
  [CONDITIONS.targetUnreachable]: targetUnreachable,
  [CONDITIONS.conflictingAutoscaler]: conflictingAutoscaler,
  [CONDITIONS.engineVersionUnknown]: engineVersionUnknown,
  [CONDITIONS.rolloutStopped]: rolloutStopped,
  [CONDITIONS.restartBlocked]: restartBlocked,
  [CONDITIONS.engineUnhealthy]: engineUnhealthy,
  [CONDITIONS.remediationHalted]: remediationHalted,
};

const MESSAGE_LENGTH = 1024;

/** All conditions now; a transition time is kept unless the status changed. */
export function buildConditions(
  snapshot: FleetSnapshot,
  decision: FleetDecision,
  nowMs: number,
): Condition[] {
  const previous = snapshot.fleet.status?.conditions ?? [];
  return Object.entries(CHECKS).map(([type, check]) => {
    const finding = check(snapshot, decision);
    const before = previous.find((condition) => condition.type === type);
    return {
      type,
      status: finding.status,
      reason: finding.reason,
      message: cut(finding.message, MESSAGE_LENGTH),
      lastTransitionTime:
        before?.status === finding.status ? before.lastTransitionTime : new Date(nowMs).toISOString(),
      observedGeneration: snapshot.fleet.metadata.generation ?? 0,
    };
  });
}

function ready(snapshot: FleetSnapshot, decision: FleetDecision): Finding {
  const serving = readyEngines(snapshot);
  const least = snapshot.fleet.spec.scaling?.minReplicas ?? decision.size.desired;
  const needed = Math.max(1, least - allowedMissing(snapshot, decision));
  const share = `${serving} of ${plural(totalReplicas(snapshot), 'engine')} ready`;
  if (serving >= needed) return { status: 'True', reason: 'EnginesReady', message: share };
  if (totalReplicas(snapshot) === 0 && decision.size.desired === 0) {
    return {
      status: 'False',
      reason: 'ScaledToZero',
      message: 'the fleet has no engine, as it was asked for',
    };
  }
  const reason = serving === 0 ? 'NoEngineReady' : 'TooFewEngines';
  return { status: 'False', reason, message: `${share}, at least ${needed} needed${trouble(snapshot)}` };
}

/** Engines that may be missing while others are replaced without a surge or isolated, as `rollout.maxUnavailable` says. */
function allowedMissing({ fleet }: FleetSnapshot, { rollout }: FleetDecision): number {
  const claims = claimsOf({ fleet });
  const isShort =
    (rollout.strategy === 'DrainFirst' && isRolling(rollout)) ||
    claims.some(({ strategy, command }) => strategy === 'DrainFirst' || command === 'Isolate');
  return isShort ? fleet.spec.rollout.maxUnavailable : 0;
}

function trouble({ engines }: FleetSnapshot): string {
  const worst = engines.find((engine) => engine.trouble !== undefined || engine.unschedulable !== undefined);
  const why =
    worst?.trouble === undefined ? worst?.unschedulable : `${worst.trouble.reason}: ${worst.trouble.message}`;
  return worst === undefined || why === undefined ? '' : `; ${worst.name}: ${why}`;
}

function reconciling(snapshot: FleetSnapshot, decision: FleetDecision): Finding {
  const total = totalReplicas(snapshot);
  const { desired, carriedOut } = decision.size;
  const serving = readyEngines(snapshot);
  if (snapshot.fleet.spec.suspend)
    return { status: 'False', reason: 'Suspended', message: 'spec.suspend is set' };
  if (snapshot.failure !== undefined) return { status: 'True', ...snapshot.failure };
  const { rollout } = decision;
  if (rollout.old.length > 0) {
    const old = rollout.old.reduce((sum, { replicas }) => sum + replicas, 0);
    const share = `${total - old} of ${plural(total, 'engine')} on revision ${rollout.target}`;
    return { status: 'True', reason: 'RollingOut', message: `${share}; ${rollout.message}` };
  }
  const failure = snapshot.replicaSets.find((set) => set.failure !== undefined)?.failure;
  if (failure !== undefined) {
    return {
      status: 'True',
      reason: 'PodsRefused',
      message: `the API server refuses new engines: ${failure}`,
    };
  }
  if (carriedOut && total !== desired) {
    return {
      status: 'True',
      reason: 'Scaling',
      message: `${plural(total, 'engine')} ordered, ${desired} wanted`,
    };
  }
  if (serving !== total) {
    return {
      status: 'True',
      reason: 'EnginesNotReady',
      message: `${serving} of ${plural(total, 'engine')} ready`,
    };
  }
  return { status: 'False', reason: 'Settled', message: `${plural(total, 'engine')}, all ready` };
}

function stalled(snapshot: FleetSnapshot): Finding {
  if (snapshot.stalled !== undefined) return { status: 'True', ...snapshot.stalled };
  return { status: 'False', reason: 'SpecAccepted', message: 'the spec can be carried out' };
}

function metricsAvailable({ engines }: FleetSnapshot): Finding {
  const serving = engines.filter(({ lifecycle }) => lifecycle === 'Ready');
  const silent = serving.filter(isSilent);
  const pages = plural(serving.length, 'metrics page');
  const [first] = silent;
  if (serving.length === 0) {
    return { status: 'Unknown', reason: 'NoEngineReady', message: 'no engine is ready to be read' };
  }
  if (first?.page.state === 'Missing') {
    const message = `${silent.length} of ${pages} missing; ${first.name}: ${first.page.message}; nothing is removed meanwhile`;
    return silent.length === serving.length
      ? { status: 'False', reason: 'AllPagesMissing', message }
      : { status: 'True', reason: 'SomePagesMissing', message };
  }
  if (serving.every(({ page }) => page.state === 'Missing')) {
    return { status: 'Unknown', reason: 'FirstPageAwaited', message: 'no engine has been read yet' };
  }
  if (serving.every(({ page }) => page.state === 'Missing' || tellsNothing(page.load))) {
    const message = `${pages} read, but none tells its queue or its KV usage: do not start the engines with --disable-log-stats`;
    return { status: 'False', reason: 'NoLoadOnPages', message };
  }
  return { status: 'True', reason: 'PagesRead', message: `${pages} read and fresh` };
}

function tellsNothing({ waiting, kvCacheUsage }: EngineLoad): boolean {
  return waiting === undefined && kvCacheUsage === undefined;
}

function scalingActive(snapshot: FleetSnapshot, decision: FleetDecision): Finding {
  const { spec } = snapshot.fleet;
  if (spec.suspend)
    return { status: 'False', reason: 'Suspended', message: 'spec.suspend is set: nothing is changed' };
  if (spec.scaling === undefined)
    return { status: 'False', reason: 'FixedReplicas', message: decision.size.message };
  if (decision.conflict !== undefined) {
    return { status: 'False', reason: 'ConflictingAutoscaler', message: decision.conflict.message };
  }
  if (spec.scaling.mode !== 'Auto') {
    return {
      status: 'False',
      reason: spec.scaling.mode,
      message: `spec.scaling.mode is ${spec.scaling.mode}`,
    };
  }
  const metrics = metricsAvailable(snapshot);
  if (metrics.status === 'False')
    return { status: 'False', reason: 'MetricsUnavailable', message: metrics.message };
  if (decision.notScaling !== undefined) return { status: 'False', ...decision.notScaling };
  const { minReplicas, maxReplicas } = { ...spec.scaling, ...decision.schedule?.schedule };
  return {
    status: 'True',
    reason: 'SizedByOperator',
    message: `between ${minReplicas} and ${maxReplicas} engines`,
  };
}

function scalingLimited(_snapshot: FleetSnapshot, decision: FleetDecision): Finding {
  const limit = decision.size.limits.at(-1);
  if (limit !== undefined) return { status: 'True', reason: limit.reason, message: limit.message };
  const { proposals, inputs } = decision.size;
  const waits = proposals.find(({ reason }) => reason === 'CapacityStarting');
  if (waits !== undefined) {
    const message =
      waits.kind === 'Size'
        ? `${waits.signal} asks for ${waits.size}: ${inputs.ready} ready, ${inputs.starting} starting`
        : waits.message;
    return { status: 'True', reason: waits.reason, message };
  }
  return { status: 'False', reason: 'WithinLimits', message: 'the size is what the signals ask for' };
}

/** Judged by what the engines have shown: nothing else tells what they can do. */
function targetUnreachable({ fleet }: FleetSnapshot, { size }: FleetDecision): Finding {
  if (size.unreachable !== undefined) {
    return {
      status: 'True',
      reason: 'LatencyTargetUnreachable',
      message:
        `no number of engines keeps spec.latency: ${size.unreachable}; ` +
        'raise spec.latency, or serve on a faster GPU, with a smaller model or with less context',
    };
  }
  const demand = size.proposals.find(({ signal }) => signal === 'Demand');
  if (demand === undefined) {
    return { status: 'Unknown', reason: 'NotJudged', message: 'only a fleet with spec.scaling is judged' };
  }
  if (demand.kind === 'Abstain') {
    const { reason, message } = demand;
    return lastVerdict(fleet) ?? { status: 'Unknown', reason, message };
  }
  return {
    status: 'False',
    reason: 'LatencyTargetReachable',
    message: 'nothing seen so far says that engines are too slow for spec.latency',
  };
}

/** What was found for this very spec stays true while pages are missing, or a new leader has seen nothing yet. */
function lastVerdict({ metadata, status }: FleetSnapshot['fleet']): Finding | undefined {
  const before = status?.conditions?.find(({ type }) => type === CONDITIONS.targetUnreachable);
  return before?.status === 'Unknown' || before?.observedGeneration !== metadata.generation
    ? undefined
    : before;
}

function conflictingAutoscaler(_snapshot: FleetSnapshot, { conflict }: FleetDecision): Finding {
  return conflict === undefined
    ? { status: 'False', reason: 'OnlyWriter', message: 'nobody else writes the size of this fleet' }
    : { status: 'True', ...conflict };
}

function engineVersionUnknown({ engineVersion }: FleetSnapshot): Finding {
  return engineVersion === undefined
    ? {
        status: 'True',
        reason: 'NoVersion',
        message:
          'the image tag tells no vLLM version and no engine has answered /version; no version-gated flag is set',
      }
    : { status: 'False', reason: 'VersionKnown', message: `vLLM ${engineVersion}` };
}

/** A bad revision, or one to go back to that does not exist: a person must decide. */
function rolloutStopped(_snapshot: FleetSnapshot, { rollout }: FleetDecision): Finding {
  const { phase, reason, message, target } = rollout;
  if (phase === 'Stopped' || reason === 'RevisionNotFound') return { status: 'True', reason, message };
  if (rollout.blockedRevision !== undefined) {
    const given = `revision ${rollout.blockedRevision} was stopped, ${target} serves in its place`;
    return { status: 'True', reason: 'RolledBack', message: given };
  }
  return { status: 'False', reason: 'NotStopped', message: 'no revision was found to be bad' };
}

/** An engine should be replaced, or an old revision, and a person could make room for it. */
function restartBlocked(_snapshot: FleetSnapshot, { rollout, disruption }: FleetDecision): Finding {
  if (rollout.phase === 'Blocked' && rollout.reason !== 'RevisionNotFound') {
    return { status: 'True', reason: rollout.reason, message: rollout.message };
  }
  if (disruption.blocked !== undefined) return { status: 'True', ...disruption.blocked };
  return { status: 'False', reason: 'NotBlocked', message: 'no engine waits to be replaced' };
}

/** What was proved, and what is grave; what is only suspected or noted stands in the findings. */
function engineUnhealthy(snapshot: FleetSnapshot, decision: FleetDecision): Finding {
  const findings = buildFindings(snapshot, decision);
  const worst = findings.find(({ state, severity }) => state === 'Proved' || severity === 'Critical');
  if (worst === undefined) {
    const message =
      findings.length === 0 ? 'no engine shows a signature' : 'nothing is proved, see status.findings';
    return { status: 'False', reason: findings.length === 0 ? 'NoFinding' : 'NothingProved', message };
  }
  const others = findings.length === 1 ? '' : `; ${plural(findings.length - 1, 'more finding')}`;
  const message = `${worst.engine ?? 'the image'}: ${worst.message}; ${worst.action}${others}`;
  return { status: 'True', reason: worst.signature, message };
}

function remediationHalted({ fleet }: FleetSnapshot, { health: { halt } }: FleetDecision): Finding {
  if (halt !== undefined) return { status: 'True', ...halt };
  const { mode } = fleet.spec.remediation;
  if (mode !== 'Auto') {
    return { status: 'False', reason: mode, message: `remediation.mode is ${mode}` };
  }
  return { status: 'False', reason: 'NotHalted', message: 'engines that are proved sick are replaced' };
}

function readyEngines(snapshot: FleetSnapshot): number {
  return snapshot.engines.filter(isServing).length;
}
