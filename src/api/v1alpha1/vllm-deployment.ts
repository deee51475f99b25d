import { z } from 'zod';
import { ObjectMeta } from '../meta.ts';
import { deepFreeze, type DeepReadonly } from '../readonly.ts';
import { API_VERSION, KIND } from './constants.ts';
import { VLLMDeploymentSpec } from './spec.ts';
import { VLLMDeploymentStatus } from './status.ts';

export const VLLMDeployment = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: ObjectMeta,
  spec: VLLMDeploymentSpec,
  status: VLLMDeploymentStatus.exactOptional(),
});

/** A fleet of vLLM engines, as read from the API server: defaults filled, frozen. */
export type VLLMDeployment = DeepReadonly<z.output<typeof VLLMDeployment>>;

export type ParsedVLLMDeployment =
  | { readonly ok: true; readonly value: VLLMDeployment }
  | { readonly ok: false; readonly issues: readonly string[] };

/**
 * Reads an object of the API server, once, when it enters the store. Defaults are filled in, unknown fields
 * are dropped, the result is frozen. The rules in CEL are the API server's and are not repeated here.
 * Each issue names the field and what is wrong with it.
 */
export function parseVLLMDeployment(object: unknown): ParsedVLLMDeployment {
  const parsed = VLLMDeployment.safeParse(object);
  if (parsed.success) return { ok: true, value: deepFreeze(parsed.data) };
  return {
    ok: false,
    issues: parsed.error.issues.map(
      ({ path, message }) => `${z.core.toDotPath(path) || 'the object'}: ${message}`,
    ),
  };
}
