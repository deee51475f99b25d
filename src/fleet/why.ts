import type { ScalingChange, Summary } from '../api/v1alpha1/status.ts';
import { pickVictim } from '../disruption/pick-victim.ts';
import { isSilent } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { Proposal } from '../scaling/types.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { enginesOf } from './removal.ts';
import { oldRevisions } from './sizes.ts';
import { count, cut, percent, plural } from './text.ts';

const SENTENCES = 12;
const SENTENCE_LENGTH = 1024;
const CHANGES_TOLD = 4;

/** The story of the fleet in at most twelve sentences; stands last in `kubectl describe`, just above the events. */
export function buildWhy(
  snapshot: FleetSnapshot,
  decision: FleetDecision,
  state: Summary['state'],
  history: readonly ScalingChange[],
): string[] {
  const now = [
    `${state}: ${headline(snapshot, decision)}.`,
    ...trafficSentence(snapshot),
    ...stalledSentence(snapshot),
    ...failureSentence(snapshot),
    ...rolloutSentence(snapshot),
    sizeSentence(decision),
    ...decision.size.proposals.map(proposalSentence),
    ...floorSentence(decision),
    ...(decision.size.proposals.length === 0 ? [] : [`Next: ${decision.size.wouldChange}.`]),
  ];
  const changes = history
    .slice(-Math.min(CHANGES_TOLD, SENTENCES - now.length))
    .map((change) => `${change.at.slice(11, 19)} UTC: ${change.from} → ${change.to}: ${change.message}.`);
  return [...now, ...changes].map((sentence) => cut(sentence, SENTENCE_LENGTH));
}

function headline({ engines }: FleetSnapshot, { size }: FleetDecision): string {
  const { ready, starting, missing, waiting, running, kvCacheUsage } = size.inputs;
  const leaving = engines.filter(({ lifecycle }) => lifecycle === 'Terminating').length;
  return [
    `${plural(ready, 'engine')} ready`,
    ...(starting > 0 ? [`${starting} starting`] : []),
    ...(leaving > 0 ? [`${leaving} leaving`] : []),
    ...(missing > 0 ? [`${missing} without a fresh page`] : []),
    `${count(running)} requests running and ${count(waiting)} waiting`,
    `KV cache ${percent(kvCacheUsage)} used on average`,
  ].join(', ');
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

function rolloutSentence(snapshot: FleetSnapshot): string[] {
  const old = oldRevisions(snapshot);
  if (old.length === 0) return [];
  const names = old.map(({ revision }) => revision).join(', ');
  return [
    `Rolling out revision ${snapshot.revision}, one engine more at a time, then one of ${names} less${hindrance(snapshot, old)}.`,
  ];
}

/** What a roll-out waits for, if it waits. */
function hindrance(snapshot: FleetSnapshot, old: readonly ReplicaSetSnapshot[]): string {
  const started = snapshot.engines.find(
    ({ revision, lifecycle }) =>
      revision === snapshot.revision && lifecycle !== 'Ready' && lifecycle !== 'Terminating',
  );
  if (started !== undefined) {
    const why = started.trouble?.message ?? started.unschedulable;
    return `; waits for ${started.name} to become ready${why === undefined ? '' : `: ${why}`}`;
  }
  const leaving = old.flatMap((set) => enginesOf(snapshot, set));
  const [mute] = leaving.filter(isSilent);
  return mute === undefined || pickVictim(leaving) !== undefined
    ? ''
    : `; waits for a fresh metrics page of ${mute.name}: nothing is removed on missing data`;
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

function floorSentence({ manualFloor }: FleetDecision): string[] {
  if (manualFloor === undefined) return [];
  const where = manualFloor.source === 'Spec' ? 'spec.replicas' : 'a write of the ReplicaSet';
  return [
    `Manual floor of ${manualFloor.replicas} (${where} at ${manualFloor.since}), held until ${manualFloor.until}, then ignored.`,
  ];
}
