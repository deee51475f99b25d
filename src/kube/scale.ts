import { z } from 'zod';
import { WardenError } from '../errors.ts';
import { objectPath, type ObjectRef, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

const ScaleObject = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  // A size of 0 is left out of the JSON.
  spec: z.object({ replicas: z.int().default(0) }).default({ replicas: 0 }),
});

/** The size of an object, and the object's version that it was read at. */
export interface ScaleView {
  readonly replicas: number;
  readonly resourceVersion: string;
}

export async function getScale(
  rest: RestClient,
  type: ResourceType,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<ScaleView> {
  const path = objectPath(type, ref, 'scale');
  return parseScale(`GET ${path}`, await rest.request({ method: 'GET', path, signal }));
}

/** Sets the size if the object is still at `resourceVersion`, else rejects with `ApiConflict`. */
export async function setScale(
  rest: RestClient,
  type: ResourceType,
  ref: ObjectRef,
  scale: ScaleView,
  fieldManager: string,
  signal: AbortSignal,
): Promise<ScaleView> {
  const path = objectPath(type, ref, 'scale');
  const body = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { namespace: ref.namespace, name: ref.name, resourceVersion: scale.resourceVersion },
    spec: { replicas: scale.replicas },
  };
  return parseScale(
    `PUT ${path}`,
    await rest.request({ method: 'PUT', path, query: { fieldManager }, body, signal }),
  );
}

function parseScale(what: string, raw: unknown): ScaleView {
  const parsed = ScaleObject.safeParse(raw);
  if (!parsed.success)
    throw new WardenError('ApiBadResponse', `${what}: not a Scale: ${z.prettifyError(parsed.error)}`);
  return { replicas: parsed.data.spec.replicas, resourceVersion: parsed.data.metadata.resourceVersion };
}
