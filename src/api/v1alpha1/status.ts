import { z } from 'zod';
import { Conditions, Timestamp } from '../meta.ts';
import type { DeepReadonly } from '../readonly.ts';
import { atomicList } from '../schema.ts';

const Reason = z.string().min(1).max(128);
const Message = z.string().max(1024);
const Size = z.int().min(0).max(100_000);

/** Decimals are strings, so that what people read is what was written. */
export const Summary = z.object({
  ready: z.string().max(32),
  desired: z.string().max(32),
  waiting: z.string().max(32),
  kv: z.string().max(32),
  state: z.enum(['Starting', 'Ready', 'Scaling', 'Degraded', 'Stalled', 'Suspended']),
  running: z.string().max(32).exactOptional(),
  version: z.string().max(64).exactOptional(),
  revision: z.string().max(16).exactOptional(),
});

export const ScalingProposal = z.object({
  name: z.string().min(1).max(63),
  size: Size.exactOptional(),
  reason: Reason,
  message: Message,
});

export const ScalingChange = z.object({
  at: Timestamp,
  from: Size,
  to: Size,
  reason: Reason,
  message: Message,
});

export const ManualFloor = z.object({
  replicas: Size,
  since: Timestamp,
  until: Timestamp,
  source: z.enum(['Spec', 'ReplicaSet']),
});

export const ScalingStatus = z.object({
  decidedAt: Timestamp,
  current: Size.exactOptional(),
  desired: Size.exactOptional(),
  reason: Reason,
  message: Message,
  inputs: z.record(z.string(), z.string().max(256)).exactOptional(),
  proposals: z.array(ScalingProposal).max(16).meta(atomicList).exactOptional(),
  limit: z.object({ size: Size.exactOptional(), reason: Reason, message: Message }).exactOptional(),
  wouldChange: Message.exactOptional(),
  history: z.array(ScalingChange).max(10).meta(atomicList).exactOptional(),
  manualFloor: ManualFloor.exactOptional(),
});

export const Disruption = z.object({
  victimUID: z.string().min(1).max(64),
  command: z.enum(['Shrink', 'Replace']),
  revision: z.string().min(1).max(16),
  toReplicas: Size.exactOptional(),
  step: z.enum(['Claimed', 'Draining', 'Removing']),
  claimedAt: Timestamp,
  deadline: Timestamp,
});

export const VLLMDeploymentStatus = z.object({
  observedGeneration: z.int().min(0).exactOptional(),
  replicas: Size.exactOptional(),
  selector: z.string().max(512).exactOptional(),
  endpoints: z.array(z.string().max(512)).max(8).meta(atomicList).exactOptional(),
  summary: Summary.exactOptional(),
  conditions: Conditions.exactOptional(),
  scaling: ScalingStatus.exactOptional(),
  disruptions: z.array(Disruption).max(64).meta(atomicList).exactOptional(),
  engines: z.array(z.string().max(512)).max(20).meta(atomicList).exactOptional(),
  why: z.array(z.string().max(1024)).max(12).meta(atomicList).exactOptional(),
});

export type VLLMDeploymentStatus = DeepReadonly<z.output<typeof VLLMDeploymentStatus>>;
export type Summary = DeepReadonly<z.output<typeof Summary>>;
export type ScalingStatus = DeepReadonly<z.output<typeof ScalingStatus>>;
export type ScalingProposal = DeepReadonly<z.output<typeof ScalingProposal>>;
export type ScalingChange = DeepReadonly<z.output<typeof ScalingChange>>;
export type ManualFloor = DeepReadonly<z.output<typeof ManualFloor>>;
export type Disruption = DeepReadonly<z.output<typeof Disruption>>;
