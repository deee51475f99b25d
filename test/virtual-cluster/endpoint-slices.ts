import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import { isReady, matches, readPod, readService } from './kinds.ts';
import type { VirtualApi } from './virtual-api.ts';

const { pod: POD, service: SERVICE, endpointSlice: SLICE } = RESOURCE_TYPES;
const BY = 'endpointslice-controller';

/**
 * One slice a Service, with its labels: an endpoint is ready when its pod is and does not terminate
 * (staging/src/k8s.io/endpointslice/utils.go `podToEndpoint`, 1.34.4).
 */
export function stepEndpointSlices(api: VirtualApi): void {
  const pods = api.list(POD).map(readPod);
  for (const { metadata, spec } of api.list(SERVICE).map(readService)) {
    const { namespace, name, labels } = metadata;
    const endpoints = pods
      .filter((pod) => pod.metadata.namespace === namespace && matches(spec.selector, pod.metadata.labels))
      .filter(({ status }) => status.podIP !== undefined)
      .map((pod) => ({
        addresses: [pod.status.podIP],
        conditions: { ready: isReady(pod) && pod.metadata.deletionTimestamp === undefined },
        targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
      }));
    const ref = { namespace, name: `${name}-slice` };
    const slice = {
      metadata: { ...ref, labels: { ...labels, 'kubernetes.io/service-name': name } },
      endpoints,
    };
    if (api.get(SLICE, ref) === undefined) api.create(SLICE, slice, BY);
    else api.update(SLICE, ref, { by: BY }, (found) => ({ ...found, endpoints }));
  }
}
