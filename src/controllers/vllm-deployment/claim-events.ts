import type { Disruption } from '../../api/v1alpha1/status.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import type { EndOfClaim } from '../../disruption/steps.ts';
import type { FleetDecision } from '../../fleet/decide-fleet.ts';
import type { Notice } from '../../fleet/notices.ts';
import type { Action } from '../../fleet/plan.ts';
import { whyClaimed } from '../../fleet/why-claimed.ts';
import type { NewEvent } from '../../runtime/event-recorder.ts';
import { reference } from './events.ts';
import { RESOURCE_TYPES } from './resource-types.ts';

/** How the end of a claim is told. */
const TOLD: Readonly<Record<EndOfClaim, Pick<NewEvent, 'type' | 'reason'>>> = {
  Drained: { type: 'Normal', reason: 'EngineDrained' },
  Cut: { type: 'Warning', reason: 'RequestsCut' },
  Cancelled: { type: 'Normal', reason: 'DrainCancelled' },
  NoRoom: { type: 'Warning', reason: 'RestartBlocked' },
  StandInFailed: { type: 'Warning', reason: 'RestartBlocked' },
  OtherRemoved: { type: 'Warning', reason: 'OtherEngineRemoved' },
  Gone: { type: 'Normal', reason: 'EngineGone' },
  Cleared: { type: 'Normal', reason: 'SuspicionCleared' },
};

/** How its begin is told. */
const BEGUN: Readonly<Record<Disruption['command'], Pick<NewEvent, 'type' | 'reason'>>> = {
  Shrink: { type: 'Normal', reason: 'EngineClaimed' },
  Replace: { type: 'Normal', reason: 'EngineClaimed' },
  Isolate: { type: 'Warning', reason: 'EngineIsolated' },
};

const STAYS: ReadonlySet<EndOfClaim> = new Set([
  'Cancelled',
  'NoRoom',
  'StandInFailed',
  'OtherRemoved',
  'Cleared',
]);

/** The events of claims that were begun or are over. */
export function claimEvents(
  fleet: VLLMDeployment,
  { claims, begun, ended }: Extract<Action, { kind: 'WriteClaims' }>,
  decision: FleetDecision,
): readonly NewEvent[] {
  const before = new Map(fleet.status?.disruptions?.map(({ victimUID, cause }) => [victimUID, cause]));
  // A suspicion that was proved, or an engine that died while it was taken away for something else.
  const changed = claims.filter(({ victimUID, cause }) => (before.get(victimUID) ?? cause) !== cause);
  const begins = [...begun, ...changed].map((claim) => ({
    ...about(fleet, claim),
    ...BEGUN[claim.command],
    note: `${claim.engine} ${claim.command === 'Isolate' ? 'gets no requests' : 'is to leave'}: ${whyClaimed(claim, fleet, decision)}`,
  }));
  const ends = ended.map(({ claim, outcome, message }) => ({
    ...about(fleet, claim),
    ...TOLD[outcome],
    note: `${claim.engine}${STAYS.has(outcome) ? ' stays:' : ''} ${message}`,
  }));
  return [...ends, ...begins];
}

/** The events of what is told once for as long as it holds. */
export function noticeEvents(fleet: VLLMDeployment, notices: readonly Notice[]): readonly NewEvent[] {
  return notices.map(({ reason, message }) => ({
    regarding: reference(fleet),
    type: 'Warning',
    reason,
    action: 'Replace',
    note: message,
  }));
}

function about(
  fleet: VLLMDeployment,
  { victimUID, engine, command }: Disruption,
): Pick<NewEvent, 'regarding' | 'related' | 'action'> {
  const { namespace } = fleet.metadata;
  const { apiVersion, kind } = RESOURCE_TYPES.pod;
  return {
    regarding: reference(fleet),
    related: { apiVersion, kind, namespace, name: engine, uid: victimUID },
    action: command,
  };
}
