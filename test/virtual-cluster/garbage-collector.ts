import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import { controllerOf, readPod } from './kinds.ts';
import type { VirtualApi } from './virtual-api.ts';

const { pod: POD, replicaSet: REPLICA_SET, fleet: FLEET } = RESOURCE_TYPES;
const BY = 'garbage-collector';

/** Deletes pods whose owner is gone, and those of nodes that are (pkg/controller/podgc). */
export function stepGarbageCollector(api: VirtualApi, nodes: readonly string[]): void {
  const owners = new Set([...api.list(REPLICA_SET), ...api.list(FLEET)].map(({ metadata }) => metadata.uid));
  for (const pod of api.list(POD).map(readPod)) {
    const owner = controllerOf(pod);
    const { nodeName } = pod.spec;
    if (owner !== undefined && !owners.has(owner)) api.delete(POD, pod.metadata, {}, BY);
    if (nodeName !== undefined && !nodes.includes(nodeName)) {
      api.delete(POD, pod.metadata, { gracePeriodSeconds: 0 }, BY);
    }
  }
}
