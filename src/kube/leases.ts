import { z } from 'zod';
import { WardenError } from '../errors.ts';
import type { LeaseClient, LeaseRecord, VersionedLease } from '../runtime/ports.ts';
import { microTime, parseMicroTime } from './micro-time.ts';
import { collectionPath, objectPath, type ResourceType } from './resource-type.ts';
import type { RestClient } from './rest.ts';

const LEASE: ResourceType = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

const LeaseObject = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().default(''),
      leaseDurationSeconds: z.number().default(0),
      acquireTime: z.string().optional(),
      renewTime: z.string().optional(),
      leaseTransitions: z.number().default(0),
    })
    .prefault({}),
});

/** The port of the leader elector onto one Lease object. */
export function newLeaseClient(rest: RestClient, ref: { namespace: string; name: string }): LeaseClient {
  const path = objectPath(LEASE, ref);
  const body = (record: LeaseRecord, resourceVersion?: string): object => ({
    apiVersion: LEASE.apiVersion,
    kind: LEASE.kind,
    metadata: { namespace: ref.namespace, name: ref.name, resourceVersion },
    spec: {
      holderIdentity: record.holderIdentity,
      leaseDurationSeconds: record.leaseDurationSeconds,
      acquireTime: record.acquireTimeMs === undefined ? undefined : microTime(record.acquireTimeMs),
      renewTime: record.renewTimeMs === undefined ? undefined : microTime(record.renewTimeMs),
      leaseTransitions: record.leaseTransitions,
    },
  });
  return {
    async get(signal) {
      try {
        return parseLease(path, await rest.request({ method: 'GET', path, signal }));
      } catch (error) {
        if (error instanceof WardenError && error.code === 'ApiNotFound') return undefined;
        throw error;
      }
    },
    async create(record, signal) {
      const collection = collectionPath(LEASE, ref.namespace);
      return parseLease(
        path,
        await rest.request({ method: 'POST', path: collection, body: body(record), signal }),
      );
    },
    async update(record, resourceVersion, signal) {
      return parseLease(
        path,
        await rest.request({ method: 'PUT', path, body: body(record, resourceVersion), signal }),
      );
    },
  };
}

function parseLease(path: string, raw: unknown): VersionedLease {
  const parsed = LeaseObject.safeParse(raw);
  if (!parsed.success) {
    throw new WardenError('ApiBadResponse', `${path}: not a Lease: ${z.prettifyError(parsed.error)}`);
  }
  const { metadata, spec } = parsed.data;
  return {
    resourceVersion: metadata.resourceVersion,
    record: {
      holderIdentity: spec.holderIdentity,
      leaseDurationSeconds: spec.leaseDurationSeconds,
      acquireTimeMs: parseMicroTime(spec.acquireTime),
      renewTimeMs: parseMicroTime(spec.renewTime),
      leaseTransitions: spec.leaseTransitions,
    },
  };
}
