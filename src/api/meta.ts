import { z } from 'zod';
import { mapList } from './schema.ts';

/** A time as Kubernetes writes it (RFC 3339); it stays a string, so that what is read can be written back. */
export const Timestamp = z.iso.datetime({ offset: true });

export const OwnerReference = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().exactOptional(),
  blockOwnerDeletion: z.boolean().exactOptional(),
});
export type OwnerReference = Readonly<z.infer<typeof OwnerReference>>;

/** Who wrote which fields, and when: tells a person's `kubectl scale` from our own writes. */
export const ManagedFieldsEntry = z.object({
  manager: z.string().exactOptional(),
  operation: z.string().exactOptional(),
  subresource: z.string().exactOptional(),
  time: Timestamp.exactOptional(),
  fieldsV1: z.record(z.string(), z.unknown()).exactOptional(),
});
export type ManagedFieldsEntry = Readonly<z.infer<typeof ManagedFieldsEntry>>;

/** The metadata of an object that came from the API server (so that uid and resourceVersion are set). */
export const ObjectMeta = z.object({
  name: z.string().min(1),
  namespace: z.string().min(1),
  uid: z.string().min(1),
  resourceVersion: z.string(),
  generation: z.int().exactOptional(),
  creationTimestamp: Timestamp.exactOptional(),
  deletionTimestamp: Timestamp.exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
  ownerReferences: z.array(OwnerReference).exactOptional(),
  managedFields: z.array(ManagedFieldsEntry).exactOptional(),
});
export type ObjectMeta = z.infer<typeof ObjectMeta>;

/** `metav1.Condition`. */
export const Condition = z
  .object({
    type: z.string().min(1).max(316).describe('The name of the condition, CamelCase; one entry a type.'),
    status: z
      .enum(['True', 'False', 'Unknown'])
      .describe('Whether the condition holds: True, False or Unknown.'),
    reason: z.string().min(1).max(128).describe('Why, as one CamelCase word that programs can compare.'),
    message: z.string().max(1024).describe('Why, as a sentence with the numbers.'),
    lastTransitionTime: Timestamp.describe('When status last changed (RFC 3339).'),
    observedGeneration: z
      .int()
      .min(0)
      .exactOptional()
      .describe('The metadata.generation of the resource that the condition was computed from.'),
  })
  .describe('One aspect of the state of the fleet.');
export type Condition = Readonly<z.infer<typeof Condition>>;

export const Conditions = z.array(Condition).max(24).meta(mapList('type'));
