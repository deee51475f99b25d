import { z } from 'zod';
import { ManagedFieldsEntry, ObjectMeta, Timestamp } from '../../api/meta.ts';

/**
 * The parts of Kubernetes' own objects that the controller reads. Parsed once, when an object enters the store;
 * the rest of each object is dropped there, which keeps the caches small.
 */

const StringMap = z.record(z.string(), z.string());

const ContainerState = z.object({
  running: z.object({ startedAt: Timestamp.nullish() }).optional(),
  waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
  terminated: z
    .object({
      reason: z.string().optional(),
      message: z.string().optional(),
      exitCode: z.int(),
      finishedAt: Timestamp.nullish(),
    })
    .optional(),
});

const ContainerStatus = z.object({
  name: z.string(),
  started: z.boolean().optional(),
  restartCount: z.int().default(0),
  state: ContainerState.default({}),
  lastState: ContainerState.default({}),
});

export const PodProjection = z.object({
  metadata: ObjectMeta.omit({ managedFields: true }).extend({
    /** Set once a deletion was asked for: seconds from then to the kill. */
    deletionGracePeriodSeconds: z.int().exactOptional(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    containers: z.array(
      z.object({
        name: z.string(),
        ports: z.array(z.object({ name: z.string().optional(), containerPort: z.int() })).default([]),
        resources: z.object({ limits: StringMap.optional() }).default({}),
      }),
    ),
  }),
  status: z
    .object({
      phase: z.string().optional(),
      podIP: z.string().optional(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
            lastTransitionTime: Timestamp.nullish(),
          }),
        )
        .default([]),
      containerStatuses: z.array(ContainerStatus).default([]),
    })
    .prefault({}),
});
export type PodProjection = z.output<typeof PodProjection>;

export const ReplicaSetProjection = z.object({
  metadata: ObjectMeta.extend({ managedFields: z.array(ManagedFieldsEntry).default([]) }),
  spec: z.object({ replicas: z.int().default(1) }),
  status: z
    .object({
      observedGeneration: z.int().default(0),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            message: z.string().optional(),
            lastTransitionTime: Timestamp.nullish(),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
export type ReplicaSetProjection = z.output<typeof ReplicaSetProjection>;

export const ServiceProjection = z.object({
  metadata: ObjectMeta.omit({ managedFields: true }),
  spec: z.looseObject({}),
});
export type ServiceProjection = z.output<typeof ServiceProjection>;

export const EndpointSliceProjection = z.object({
  metadata: ObjectMeta.omit({ managedFields: true }),
  endpoints: z
    .array(
      z.object({
        conditions: z.object({ ready: z.boolean().nullish() }).default({}),
        targetRef: z.object({ uid: z.string().optional() }).nullish(),
      }),
    )
    .nullish(),
});
export type EndpointSliceProjection = z.output<typeof EndpointSliceProjection>;

const LabelSelector = z.object({
  matchLabels: StringMap.default({}),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});
export type LabelSelector = z.output<typeof LabelSelector>;

export const DisruptionBudgetProjection = z.object({
  metadata: ObjectMeta.omit({ managedFields: true }),
  spec: z.looseObject({ selector: LabelSelector.nullish() }),
});
export type DisruptionBudgetProjection = z.output<typeof DisruptionBudgetProjection>;

export const AutoscalerProjection = z.object({
  metadata: ObjectMeta.omit({ managedFields: true }),
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string(), apiVersion: z.string().optional() }),
  }),
});
export type AutoscalerProjection = z.output<typeof AutoscalerProjection>;
