import type { ScalingChange, Summary } from '../api/v1alpha1/status.ts';
import { SERVING } from '../api/v1alpha1/constants.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { scheduleName } from '../scaling/schedules.ts';
import type { Proposal } from '../scaling/types.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { blockedSentence, disruptionSentences, rolloutSentence } from './disruption-lines.ts';
import { healthSentences } from './health-lines.ts';
import { count, cut, moment, percent, plural } from './text.ts';

const SENTENCES = 12;
const SENTENCE_LENGTH = 1024;
/** Beside the last. */
const CHANGES_TOLD = 3;

/** The story of the fleet in at most twelve sentences; stands last in `kubectl describe`, just above the events. */
export function buildWhy(
  snapshot: FleetSnapshot,
  decision: FleetDecision,
  state: Summary['state'],
  history: readonly ScalingChange[],
  nowMs: number,
): string[] {
  const { size } = decision;
  const now = [
    `${state}: ${headline(snapshot, decision)}.`,
    ...stalledSentence(snapshot),
    ...failureSentence(snapshot),
    ...notScalingSentence(decision),
    ...unreachableSentence(decision),
    ...trafficSentence(snapshot),
    ...deferredSentence(decision),
    ...rolloutSentence(decision),
    ...healthSentences(snapshot, decision),
    ...blockedSentence(decision),
    ...disruptionSentences(snapshot, decision, nowMs),
    sizeSentence(decision),
  ];
  const later = [
    ...scheduleSentence(decision),
    ...floorSentence(decision),
    ...(size.proposals.length === 0 ? [] : [`Next: ${size.wouldChange}.`]),
    ...changeSentences(history),
  ];
  const others = size.proposals
    .filter(({ message }) => !size.message.includes(message))
    .map(proposalSentence)
    .slice(0, Math.max(0, SENTENCES - now.length - later.length));
  return [...now, ...others, ...later].slice(0, SENTENCES).map((sentence) => cut(sentence, SENTENCE_LENGTH));
}

function headline({ engines }: FleetSnapshot, { size }: FleetDecision): string {
  const { ready, starting, missing, waiting, running, kvCacheUsage } = size.inputs;
  const leaving = engines.filter(({ lifecycle }) => lifecycle === 'Terminating').length;
  const draining = engines.filter(
    ({ lifecycle, serving }) => lifecycle !== 'Terminating' && serving === SERVING.draining,
  ).length;
  return [
    `${plural(ready, 'engine')} ready`,
    ...(starting > 0 ? [`${starting} starting`] : []),
    ...(draining > 0 ? [`${draining} draining`] : []),
    ...(leaving > 0 ? [`${leaving} leaving`] : []),
    ...(missing > 0 ? [`${missing} without a fresh page`] : []),
    `${count(running)} requests running and ${count(waiting)} waiting`,
    `KV cache ${percent(kvCacheUsage)} used on average`,
  ].join(', ');
}

function notScalingSentence({ notScaling }: FleetDecision): string[] {
  return notScaling === undefined ? [] : [`Not scaling: ${notScaling.message}.`];
}

function unreachableSentence({ size: { unreachable } }: FleetDecision): string[] {
  return unreachable === undefined ? [] : [`No number of engines keeps spec.latency: ${unreachable}.`];
}

/** `--max-loras` bounds the adapters of one batch (vLLM's `vllm/config/lora.py`). */
function deferredSentence({ size: { inputs } }: FleetDecision): string[] {
  const { deferred = 0 } = inputs;
  if (deferred === 0) return [];
  const more = deferred === 1 ? '1 more request waits' : `${deferred} more requests wait`;
  return [
    `${more} for an adapter, a grammar or KV blocks from elsewhere: more engines do not help; a higher --max-loras in engine.args does if it is for adapters.`,
  ];
}

/** What the users of the fleet feel; nothing while nobody was served. */
function trafficSentence({ traffic = {} }: FleetSnapshot): string[] {
  const { requestRate, generationTokenRate, ttftP95, interTokenLatencyP95, preemptionRate } = traffic;
  if (requestRate === undefined || generationTokenRate === undefined || generationTokenRate === 0) return [];
  const parts = [
    `${requestRate.toFixed(1)} requests/s finished`,
    `${Math.round(generationTokenRate)} tokens/s generated`,
    ...(ttftP95 === undefined ? [] : [`p95 time to first token ${ttftP95.toFixed(2)} s`]),
    ...(interTokenLatencyP95 === undefined
      ? []
      : [`p95 time between tokens ${Math.round(interTokenLatencyP95 * 1000)} ms`]),
    ...(preemptionRate === undefined || preemptionRate === 0
      ? []
      : [`${preemptionRate.toFixed(1)} preemptions/s`]),
  ];
  return [`Last minute: ${parts.join(', ')}.`];
}

function stalledSentence({ stalled }: FleetSnapshot): string[] {
  return stalled === undefined ? [] : [`Stalled (${stalled.reason}): ${stalled.message}.`];
}

function failureSentence({ failure }: FleetSnapshot): string[] {
  return failure === undefined
    ? []
    : [`Not carried out (${failure.reason}), tried again: ${failure.message}.`];
}

function sizeSentence({ size }: FleetDecision): string {
  if (size.carriedOut) return `Size: ${size.desired} because ${size.message}.`;
  return `Size: stays at ${size.current}; ${size.desired} is advice only: ${size.message}.`;
}

function proposalSentence(proposal: Proposal): string {
  return proposal.kind === 'Size'
    ? `${proposal.signal} asks for ${proposal.size}: ${proposal.message}.`
    : `${proposal.signal} abstains: ${proposal.message}.`;
}

function scheduleSentence({ schedule: inForce }: FleetDecision): string[] {
  if (inForce === undefined) return [];
  const { schedule, sinceMs } = inForce;
  const { minReplicas, maxReplicas } = schedule;
  const bounds = [
    ...(minReplicas === undefined ? [] : [`minReplicas ${minReplicas}`]),
    ...(maxReplicas === undefined ? [] : [`maxReplicas ${maxReplicas}`]),
  ].join(', ');
  const since = moment(new Date(sinceMs).toISOString());
  return [`In force since ${since}: ${scheduleName(schedule)}, ${bounds}.`];
}

/** The newest change with its reason, those before it in one sentence; `status.scaling.history` has all. */
function changeSentences(history: readonly ScalingChange[]): string[] {
  const last = history.at(-1);
  if (last === undefined) return [];
  const before = history.slice(0, -1).slice(-CHANGES_TOLD).toReversed();
  const day = last.at.slice(0, 10);
  const told = before.map(({ at, from, to, reason }) => {
    const time = at.startsWith(day) ? at.slice(11, 19) : moment(at);
    return `${from} → ${to} at ${time} (${reason})`;
  });
  return [
    `Last change: ${last.from} → ${last.to} at ${moment(last.at)}: ${last.message}.`,
    ...(told.length === 0 ? [] : [`Before it: ${told.join(', ')}.`]),
  ];
}

function floorSentence({ manualFloor }: FleetDecision): string[] {
  if (manualFloor === undefined) return [];
  const where = manualFloor.source === 'Spec' ? 'spec.replicas' : 'a write of the ReplicaSet';
  return [
    `Manual floor of ${manualFloor.replicas} (${where} at ${moment(manualFloor.since)}), held until ${moment(manualFloor.until)}, then ignored.`,
  ];
}
