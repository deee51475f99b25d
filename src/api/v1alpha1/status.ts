import { z } from 'zod';
import { Conditions, Timestamp } from '../meta.ts';
import type { DeepReadonly } from '../readonly.ts';
import { atomicList } from '../schema.ts';
import { SIGNATURES } from './remediation.ts';

const Reason = z.string().min(1).max(128).describe('Why, as one CamelCase word that programs can compare.');
const Message = z.string().max(1024).describe('Why, as a sentence with the numbers.');
const Size = z.int().min(0).max(100_000);
const Figure = z.string().max(32);

/** Figures are strings: "?" where a figure is missing, decimals as they are to be read. */
export const Summary = z.object({
  ready: Figure.describe('Ready engines of all, such as "2/3"; "?" when unknown.'),
  desired: Figure.describe('Number of engines the fleet should have; "?" when unknown.'),
  waiting: Figure.describe(
    'Requests that wait in the engines\' queues, summed; "?" when no page could be read.',
  ),
  kv: Figure.describe('Mean use of the KV cache, such as "63%"; "?" when no page could be read.'),
  state: z
    .enum(['Starting', 'Ready', 'Scaling', 'Degraded', 'Stalled', 'Suspended'])
    .describe('State of the fleet in one word: Starting, Ready, Scaling, Degraded, Stalled or Suspended.'),
  running: Figure.exactOptional().describe(
    'Requests that run in the engines, summed; "?" when no page could be read.',
  ),
  version: z.string().max(64).exactOptional().describe('Version of vLLM that the engines run.'),
  revision: z
    .string()
    .max(16)
    .exactOptional()
    .describe('Revision of the current spec, as in the label of the pods.'),
});

export const ScalingProposal = z
  .object({
    name: z.string().min(1).max(63).describe('Name of the signal, such as queueDepth.'),
    size: Size.exactOptional().describe('Number of engines it asks for; absent when it says nothing.'),
    reason: Reason,
    message: Message,
  })
  .describe('The size that one signal asks for.');

export const ScalingChange = z
  .object({
    at: Timestamp.describe('When the size was changed (RFC 3339).'),
    from: Size.describe('Number of engines before.'),
    to: Size.describe('Number of engines after.'),
    reason: Reason,
    message: Message,
  })
  .describe('One change of the size.');

export const ManualFloor = z.object({
  replicas: Size.describe('Number of engines below which the fleet does not shrink.'),
  since: Timestamp.describe('When it was set (RFC 3339).'),
  until: Timestamp.describe(
    'When it will be ignored (RFC 3339): scaling.manualHoldMinutes after its last change.',
  ),
  source: z
    .enum(['Spec', 'ReplicaSet'])
    .describe('Where it was set: Spec (spec.replicas, kubectl scale vllm) or ReplicaSet (kubectl scale rs).'),
});

export const ScalingLimit = z.object({
  size: Size.exactOptional().describe('Number of engines to which it held the decision.'),
  reason: Reason,
  message: Message,
});

export const LearnedCapacity = z.object({
  subject: z
    .string()
    .min(1)
    .max(64)
    .describe('Revision and latency targets (ms to the first token, ms a token) for which it was learned.'),
  promptTokensPerSecond: z
    .number()
    .gt(0)
    .describe(
      'Work that an engine carries while it keeps its latency targets; a generated token counts as 3.',
    ),
});

export const ScalingStatus = z.object({
  decidedAt: Timestamp.describe('When the decision was made (RFC 3339).'),
  current: Size.exactOptional().describe('Number of engines the fleet had.'),
  desired: Size.exactOptional().describe(
    'Number of engines decided on; absent when no decision could be made.',
  ),
  reason: Reason,
  message: Message,
  inputs: z
    .record(z.string(), z.string().max(256))
    .meta({ maxProperties: 32 })
    .exactOptional()
    .describe(
      'Figures that the decision rests on, by name; "?" when no page tells. waiting: requests that wait for capacity. ' +
        'deferred: requests that wait for an adapter, a grammar or KV blocks from elsewhere, which more engines do not help.',
    ),
  proposals: z
    .array(ScalingProposal)
    .max(16)
    .meta(atomicList)
    .exactOptional()
    .describe('What each signal asked for.'),
  limit: ScalingLimit.exactOptional().describe(
    'The limit that held the decision back; absent when none did.',
  ),
  wouldChange: z
    .string()
    .max(1024)
    .exactOptional()
    .describe('What would have to happen for the size to change.'),
  learnedCapacity: LearnedCapacity.exactOptional().describe(
    'What an engine was seen to carry, so that another leader need not learn it again; absent while unknown.',
  ),
  history: z
    .array(ScalingChange)
    .max(10)
    .meta(atomicList)
    .exactOptional()
    .describe('The last 10 changes of the size, oldest first.'),
  manualFloor: ManualFloor.exactOptional().describe(
    'A size set by hand, held as the least size for a while.',
  ),
});

export const DISRUPTION_COMMANDS = ['Shrink', 'Replace', 'Isolate'] as const;
export const DISRUPTION_CAUSES = [
  'ScaleDown',
  'RollOut',
  'Restart',
  'Requested',
  'Recovered',
  'Suspected',
  'Dead',
  'Leak',
  'Sick',
] as const;

const Command = z
  .enum(DISRUPTION_COMMANDS)
  .describe(
    'Shrink: the fleet, or an old revision, gets smaller. Replace: another engine takes its place. Isolate: it gets no requests while it is suspected.',
  );
const Cause = z
  .enum(DISRUPTION_CAUSES)
  .describe(
    'ScaleDown: the size. RollOut: a new revision. Restart: rollout.restartAt. Requested: the annotation replace. Recovered: an engine was found outside its ReplicaSet without a claim. Suspected: signature may hold. Dead: it serves nothing any more. Leak: it runs into a limit. Sick: it serves badly, or cannot start again.',
  );
const EngineName = z.string().min(1).max(253).describe('Name of the pod.');

export const Disruption = z
  .object({
    victimUID: z.string().min(1).max(64).describe('UID of the pod that goes.'),
    engine: EngineName,
    command: Command,
    cause: Cause,
    signature: z.enum(SIGNATURES).exactOptional().describe('What was seen of the engine, if that is why.'),
    revision: z.string().min(1).max(16).describe('Revision of the pod.'),
    strategy: z
      .enum(['SurgeFirst', 'DrainFirst'])
      .exactOptional()
      .describe('Of a Replace: whether the new engine comes before the old one is drained.'),
    toReplicas: Size.exactOptional().describe(
      "Of a Shrink that removes: the size that the revision's ReplicaSet is to get; set before it is written.",
    ),
    step: z
      .enum(['Claimed', 'Surging', 'Draining', 'Removing', 'Returning', 'Isolated'])
      .describe(
        'Claimed: about to be marked. Surging: serves, another engine is made. Draining: out of the Service. Removing: is being removed. Returning: stays after all, and is being put back. Isolated: out of the Service until the suspicion is proved or ends.',
      ),
    claimedAt: Timestamp.describe('When the claim was made (RFC 3339).'),
    deadline: Timestamp.describe(
      'When the step is given up, or the engine goes even if it still has requests (RFC 3339).',
    ),
    cut: z
      .int()
      .min(0)
      .exactOptional()
      .describe(
        'Requests that the engine still had at the deadline; 0 when nothing told how many; absent when it was empty.',
      ),
    obstacle: z
      .enum(['NoRoom', 'StandInFailed'])
      .exactOptional()
      .describe(
        'What stood against another engine in its place: no room, or it did not start. The engine goes first then, or is put back.',
      ),
    message: Message.exactOptional(),
  })
  .describe('A claim on one engine that the operator takes away.');

/**
 * How the removal of an engine can end. Drained: it is gone and no request was cut. Cut: gone with requests that did not
 * end in time. Cancelled: it stays, it is wanted after all. NoRoom: it stays, there was no room for another one.
 * StandInFailed: it stays, the one in its place did not start. OtherRemoved: the ReplicaSet took another one. Gone: somebody else removed it.
 * Cleared: it serves again, the suspicion was not borne out.
 */
export const DISRUPTION_OUTCOMES = [
  'Drained',
  'Cut',
  'Cancelled',
  'NoRoom',
  'StandInFailed',
  'OtherRemoved',
  'Gone',
  'Cleared',
] as const;

const Finding = z
  .object({
    signature: z.enum(SIGNATURES).describe('What was found; docs/signatures.md describes each.'),
    engine: EngineName.exactOptional(),
    state: z
      .enum(['Suspected', 'Proved', 'Noted'])
      .describe(
        'Suspected: it may be, and the engine may be out of the Service meanwhile. Proved: a ground for a restart. Noted: for people to know, nothing is done.',
      ),
    severity: z
      .enum(['Info', 'Warning', 'Critical'])
      .describe('Critical: requests fail or will soon. Warning: it should be looked at. Info: to be known.'),
    confidence: z
      .enum(['Low', 'Medium', 'High'])
      .describe('How sure it is: High where several independent observations agree.'),
    since: Timestamp.describe('Since when it has been seen (RFC 3339).'),
    reason: Reason,
    message: Message,
    action: z.string().max(512).describe('What the operator does about it, or what a person should do.'),
  })
  .describe('Something that is wrong with an engine, or with the image.');

const RemediationStatus = z.object({
  plan: z
    .array(z.string().max(512))
    .max(10)
    .meta(atomicList)
    .exactOptional()
    .describe('Replaces that are booked, the next first: engine, time, why then, and the latest time.'),
  restarts: z
    .array(z.string().max(512))
    .max(10)
    .meta(atomicList)
    .exactOptional()
    .describe(
      'The last 10 engines that were replaced for a signature, oldest first, and whether that helped.',
    ),
  notObservable: z
    .array(z.string().max(512))
    .max(4)
    .meta(atomicList)
    .exactOptional()
    .describe('Signatures that cannot be judged as things are, and why.'),
  history: z
    .string()
    .max(512)
    .exactOptional()
    .describe('Whether what was learned of leaks outlives the operator, and why not.'),
});

export const RolloutStatus = z.object({
  from: z
    .string()
    .max(64)
    .exactOptional()
    .describe('Revision that is replaced; several are separated by commas.'),
  to: z.string().max(16).describe('Revision that is to serve.'),
  progress: z.string().max(64).describe('Engines on the new revision of all, such as "2/6 on revision 7c9".'),
  phase: z
    .enum(['Complete', 'Progressing', 'Paused', 'Blocked', 'Stopped', 'RollingBack'])
    .describe(
      'Complete, Progressing, Paused (by rollout.paused or suspend), Blocked (waits for what reason says), Stopped (the new revision is bad), RollingBack.',
    ),
  reason: z.string().max(128).describe('Why, as one CamelCase word.'),
  message: Message,
  blockedRevision: z
    .string()
    .max(16)
    .exactOptional()
    .describe(
      'A revision that was stopped; nothing more of it is started until the spec changes or it gets well.',
    ),
  comparison: z
    .array(z.string().max(512))
    .max(8)
    .meta(atomicList)
    .exactOptional()
    .describe('How old and new engines compare while both serve.'),
});

export const VLLMDeploymentStatus = z.object({
  observedGeneration: z
    .int()
    .min(0)
    .exactOptional()
    .describe('The metadata.generation that the status was computed from.'),
  replicas: Size.exactOptional().describe(
    'Number of engines, without those that stand in or are being replaced; read by the scale subresource.',
  ),
  selector: z
    .string()
    .max(512)
    .exactOptional()
    .describe('Label selector of the pods as text; read by the scale subresource.'),
  endpoints: z
    .array(z.string().max(512))
    .max(8)
    .meta(atomicList)
    .exactOptional()
    .describe('Addresses at which clients reach the fleet.'),
  summary: Summary.exactOptional().describe('The fleet in a few figures, as kubectl get prints them.'),
  conditions: Conditions.exactOptional().describe(
    'Aspects of the state, each with its reason. True when good: Ready (enough engines serve), MetricsAvailable ' +
      '(their pages are read), ScalingActive (the operator sizes the fleet, and the engines that it orders come). ' +
      'True when bad: Reconciling (not settled yet), Stalled (a person must change something), ScalingLimited (held ' +
      'back by a limit or by engines that are starting), TargetUnreachable (no number of engines keeps spec.latency), ' +
      'ConflictingAutoscaler (somebody else writes the size), EngineVersionUnknown, RolloutStopped (the new revision ' +
      'is bad), RestartBlocked (an engine cannot be replaced), EngineUnhealthy (an engine shows a signature), ' +
      'RemediationHalted (too many at once: nothing is restarted on suspicion).',
  ),
  scaling: ScalingStatus.exactOptional().describe('The last decision on the size, with all it rests on.'),
  disruptions: z
    .array(Disruption)
    .max(64)
    .meta(atomicList)
    .exactOptional()
    .describe(
      'Engines that the operator is taking away. Written before anything is touched, so that a crash loses no plan.',
    ),
  disruptionHistory: z
    .array(z.string().max(1024))
    .max(10)
    .meta(atomicList)
    .exactOptional()
    .describe(
      'How the last 10 removals of engines ended, oldest first. Drained: no request was cut. Cut: requests did not end in time. Cancelled: wanted after all. NoRoom: no room for the one in its place. StandInFailed: that one did not start. OtherRemoved: the ReplicaSet took another engine. Gone: somebody else removed it. Cleared: a suspicion was not borne out.',
    ),
  findings: z
    .array(Finding)
    .max(20)
    .meta(atomicList)
    .exactOptional()
    .describe('What is wrong with engines now, the worst first, at most 20.'),
  remediation: RemediationStatus.exactOptional().describe('What is planned and was done about sick engines.'),
  rollout: RolloutStatus.exactOptional().describe('Which revision serves, and how far a roll-out is.'),
  engines: z
    .array(z.string().max(512))
    .max(20)
    .meta(atomicList)
    .exactOptional()
    .describe('One line for each engine, the worst first, at most 20.'),
  why: z
    .array(z.string().max(1024))
    .max(12)
    .meta(atomicList)
    .exactOptional()
    .describe('What the operator does and why, in at most 12 sentences.'),
});

export type VLLMDeploymentStatus = DeepReadonly<z.output<typeof VLLMDeploymentStatus>>;
export type Summary = DeepReadonly<z.output<typeof Summary>>;
export type LearnedCapacity = DeepReadonly<z.output<typeof LearnedCapacity>>;
export type ScalingStatus = DeepReadonly<z.output<typeof ScalingStatus>>;
export type ScalingProposal = DeepReadonly<z.output<typeof ScalingProposal>>;
export type ScalingChange = DeepReadonly<z.output<typeof ScalingChange>>;
export type ManualFloor = DeepReadonly<z.output<typeof ManualFloor>>;
export type Disruption = DeepReadonly<z.output<typeof Disruption>>;
export type RolloutStatus = DeepReadonly<z.output<typeof RolloutStatus>>;
export type Finding = DeepReadonly<z.output<typeof Finding>>;
export type RemediationStatus = DeepReadonly<z.output<typeof RemediationStatus>>;
