import { CONDITIONS } from '../../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import type { WrittenStatus } from '../../fleet/status.ts';
import type { NewEvent } from '../../runtime/event-recorder.ts';
import { RESOURCE_TYPES } from './resource-types.ts';

type Condition = NonNullable<WrittenStatus['conditions']>[number];

/** A condition whose transitions are worth an event. */
interface Told {
  readonly type: string;
  /** The status that is good. */
  readonly good: Condition['status'];
  /** The only bad reason that is; the others are a person's own doing or have a condition of their own. */
  readonly only?: string;
}

const TOLD: readonly Told[] = [
  { type: CONDITIONS.ready, good: 'True' },
  { type: CONDITIONS.metricsAvailable, good: 'True' },
  { type: CONDITIONS.scalingActive, good: 'True', only: 'NotScaling' },
  { type: CONDITIONS.stalled, good: 'False' },
  { type: CONDITIONS.targetUnreachable, good: 'False' },
  { type: CONDITIONS.conflictingAutoscaler, good: 'False' },
  { type: CONDITIONS.rolloutStopped, good: 'False' },
  { type: CONDITIONS.restartBlocked, good: 'False' },
  { type: CONDITIONS.engineUnhealthy, good: 'False' },
  { type: CONDITIONS.remediationHalted, good: 'False' },
];

/** The events that tell the way from one status to the next: transitions only, never a state. */
export function transitionEvents(
  fleet: VLLMDeployment,
  before: WrittenStatus | undefined,
  after: WrittenStatus,
): readonly NewEvent[] {
  return [...sizeEvents(fleet, before, after), ...conditionEvents(fleet, before, after)];
}

function sizeEvents(
  fleet: VLLMDeployment,
  before: WrittenStatus | undefined,
  after: WrittenStatus,
): readonly NewEvent[] {
  const told = new Set((before?.scaling?.history ?? []).map(({ at }) => at));
  return (after.scaling?.history ?? [])
    .filter(({ at }) => !told.has(at))
    .map(({ from, to, message }) => ({
      regarding: reference(fleet),
      type: 'Normal',
      reason: to > from ? 'ScaledUp' : 'ScaledDown',
      action: 'Scale',
      note: `${from} → ${to}: ${message}`,
    }));
}

function conditionEvents(
  fleet: VLLMDeployment,
  before: WrittenStatus | undefined,
  after: WrittenStatus,
): readonly NewEvent[] {
  return TOLD.flatMap(({ type, good, only }) => {
    const last = find(before, type);
    const was = last?.status;
    const now = find(after, type);
    if (now === undefined || now.status === was) return [];
    const isGood = now.status === good;
    if (only !== undefined && only !== (isGood ? last : now)?.reason) return [];
    // A fleet that is born is not an incident: only a change for the worse, or back, is told.
    if (was === undefined && (isGood || type === CONDITIONS.ready)) return [];
    if (now.status === 'Unknown' || (was === 'Unknown' && isGood)) return [];
    return [
      {
        regarding: reference(fleet),
        type: isGood ? 'Normal' : 'Warning',
        reason: now.reason,
        action: type,
        note: now.message,
        dedupeKey: now.reason,
      },
    ];
  });
}

function find(status: WrittenStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** The fleet as the object that an event is about. */
export function reference(fleet: VLLMDeployment): NewEvent['regarding'] {
  const { namespace, name, uid } = fleet.metadata;
  const { apiVersion, kind } = RESOURCE_TYPES.fleet;
  return { apiVersion, kind, namespace, name, uid };
}
