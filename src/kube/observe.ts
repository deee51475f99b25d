import { z } from 'zod';
import { WardenError } from '../errors.ts';
import type { ObjectMeta, Observed } from '../runtime/ports.ts';

const WithMeta = z.object({
  metadata: z.object({
    namespace: z.string().optional(),
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    generation: z.number().optional(),
  }),
});

/** The metadata every stored object has. @throws WardenError `ApiBadResponse` for anything else */
export function metaOf(what: string, raw: unknown): ObjectMeta {
  const parsed = WithMeta.safeParse(raw);
  if (!parsed.success) {
    throw new WardenError('ApiBadResponse', `${what}: not an object: ${z.prettifyError(parsed.error)}`);
  }
  const { namespace, name, uid, resourceVersion, generation } = parsed.data.metadata;
  return { namespace, name, uid, resourceVersion, generation };
}

/** Parses an object once, as it enters; one that does not fit its schema keeps its metadata and the reason. */
export function observe<T>(what: string, raw: unknown, schema: z.ZodType<T>): Observed<T> {
  const meta = metaOf(what, raw);
  const parsed = schema.safeParse(raw);
  return parsed.success
    ? { meta, parsed: { ok: true, object: parsed.data } }
    : { meta, parsed: { ok: false, message: z.prettifyError(parsed.error) } };
}
