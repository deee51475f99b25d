import { z } from 'zod';
import { quantityValue } from '../api/quantity.ts';
import { WardenError } from '../errors.ts';
import { objectPath, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

const NODE: ResourceType = { apiVersion: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

const Node = z.object({
  status: z.object({ allocatable: z.object({ memory: z.string().optional() }).default({}) }),
});

/**
 * Bytes of memory that the pods of a node may use; `undefined` when there is no such node or it does not say.
 * @throws WardenError `ApiForbidden` among others
 */
export async function nodeMemory(
  rest: RestClient,
  name: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const path = objectPath(NODE, { name });
  try {
    const parsed = Node.safeParse(await rest.request({ method: 'GET', path, signal }));
    if (!parsed.success) {
      throw new WardenError('ApiBadResponse', `GET ${path}: not a Node: ${z.prettifyError(parsed.error)}`);
    }
    return quantityValue(parsed.data.status.allocatable.memory ?? '');
  } catch (error) {
    if (error instanceof WardenError && error.code === 'ApiNotFound') return undefined;
    throw error;
  }
}
