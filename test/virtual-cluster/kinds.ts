import { z } from 'zod';
import { PodProjection, ReplicaSetProjection } from '../../src/controllers/vllm-deployment/projections.ts';
import type { StoredObject } from './api-objects.ts';

/** What the controllers of the virtual cluster read of the objects, beyond what the operator reads. */

const StringMap = z.record(z.string(), z.string());

export const VirtualPod = PodProjection.extend({
  metadata: PodProjection.shape.metadata.extend({ labels: StringMap.default({}) }),
  spec: PodProjection.shape.spec.extend({ containers: z.array(z.unknown()) }),
});
export type VirtualPod = z.output<typeof VirtualPod>;

export const VirtualReplicaSet = ReplicaSetProjection.extend({
  spec: z.object({
    replicas: z.int(),
    selector: z.object({ matchLabels: StringMap }),
    template: z.object({
      metadata: z.object({ labels: StringMap, annotations: StringMap.default({}) }),
      spec: z.looseObject({}),
    }),
  }),
});
export type VirtualReplicaSet = z.output<typeof VirtualReplicaSet>;

export const VirtualService = z.object({
  metadata: z.object({
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    labels: StringMap.default({}),
  }),
  spec: z.object({ selector: StringMap }),
});

/** Reads objects by one schema. Objects never change, so each is read once. */
export function reader<T>(schema: z.ZodType<T>): (object: StoredObject) => T {
  const known = new WeakMap<StoredObject, { readonly value: T }>();
  return (object) => {
    const found = known.get(object) ?? { value: schema.parse(object) };
    known.set(object, found);
    return found.value;
  };
}

export const readPod = reader(VirtualPod);
export const readReplicaSet = reader(VirtualReplicaSet);
export const readService = reader(VirtualService);

type Labels = Readonly<Record<string, string>>;

/** Whether labels satisfy `matchLabels`. */
export function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

interface Owned {
  readonly metadata: {
    readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
  };
}

/** The uid of the owner that controls an object, if any does (`metav1.GetControllerOf`). */
export function controllerOf({ metadata }: Owned): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

/** Neither ended nor being deleted (controller_utils.go `IsPodActive`). */
export function isActive({ metadata, status }: VirtualPod): boolean {
  return (
    status.phase !== 'Succeeded' && status.phase !== 'Failed' && metadata.deletionTimestamp === undefined
  );
}

export function isReady({ status }: VirtualPod): boolean {
  return status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
}
