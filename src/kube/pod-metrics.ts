import { z } from 'zod';
import { quantityValue } from '../api/quantity.ts';
import { WardenError, type ErrorCode } from '../errors.ts';
import { collectionPath, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

export const POD_METRICS: ResourceType = {
  apiVersion: 'metrics.k8s.io/v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  namespaced: true,
};

/** What one pod was measured to use. */
export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  /** The end of the time that was measured, milliseconds since the epoch. */
  readonly atMs: number;
  /** Working set in bytes, by the container's name. */
  readonly workingSetBytes: ReadonlyMap<string, number>;
}

/** `NotServed`: the cluster has no metrics-server. `Forbidden`: the operator may not read what it measures. */
export type PodUsages =
  | { readonly kind: 'Listed'; readonly pods: readonly PodUsage[] }
  | {
      readonly kind: 'Unavailable';
      readonly reason: 'NotServed' | 'Forbidden';
      readonly message: string;
    };

/** Objects of metrics-server have neither a uid nor a resourceVersion: they are computed, not stored. */
const Page = z.object({ items: z.array(z.unknown()).nullable() });

const PodMetrics = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string() }),
  timestamp: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  containers: z.array(z.object({ name: z.string(), usage: z.object({ memory: z.string().optional() }) })),
});

/**
 * The use of all pods of a namespace that the selector names. Objects that cannot be read are left out: a pod
 * without figures is what they would tell.
 * @throws WardenError when the API server, or metrics-server behind it, does not answer
 */
export async function listPodMetrics(
  rest: RestClient,
  scope: { readonly namespace: string; readonly labelSelector: string },
  signal: AbortSignal,
): Promise<PodUsages> {
  const path = collectionPath(POD_METRICS, scope.namespace);
  const query = { labelSelector: scope.labelSelector };
  try {
    const page = Page.safeParse(await rest.request({ method: 'GET', path, query, signal }));
    if (!page.success) {
      throw new WardenError('ApiBadResponse', `GET ${path}: not a list: ${z.prettifyError(page.error)}`);
    }
    return { kind: 'Listed', pods: (page.data.items ?? []).flatMap(usageOf) };
  } catch (error) {
    if (!(error instanceof WardenError)) throw error;
    const unavailable = UNAVAILABLE[error.code];
    if (unavailable === undefined) throw error;
    return { kind: 'Unavailable', ...unavailable };
  }
}

const UNAVAILABLE: Readonly<
  Partial<Record<ErrorCode, { readonly reason: 'NotServed' | 'Forbidden'; readonly message: string }>>
> = {
  ApiNotFound: {
    reason: 'NotServed',
    message: 'the cluster serves no metrics.k8s.io: install metrics-server',
  },
  ApiForbidden: {
    reason: 'Forbidden',
    message: 'the operator may not list pods of metrics.k8s.io: grant it that right',
  },
};

function usageOf(raw: unknown): readonly PodUsage[] {
  const parsed = PodMetrics.safeParse(raw);
  if (!parsed.success) return [];
  const { metadata, timestamp, containers } = parsed.data;
  const workingSetBytes = new Map<string, number>();
  for (const { name, usage } of containers) {
    const bytes = quantityValue(usage.memory ?? '');
    if (bytes !== undefined && bytes >= 0) workingSetBytes.set(name, bytes);
  }
  return [{ namespace: metadata.namespace, name: metadata.name, atMs: timestamp, workingSetBytes }];
}
