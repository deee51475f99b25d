import type { ApiClient } from '../control-plane/api-client.ts';
import { podPath, type Pod } from './pod.ts';
import { kubeTime } from './pod-status.ts';

/** What became of a write: `gone` means that the pod no longer exists, `failed` that it is worth another try. */
export type WriteOutcome = 'written' | 'gone' | 'failed';

const MAX_EVENT_MESSAGE = 1024;

/** Patches the status as the kubelet does: strategic merge (conditions merge by type), bound to the pod's uid. */
export async function writePodStatus(api: ApiClient, pod: Pod, status: unknown): Promise<WriteOutcome> {
  const patch = { metadata: { uid: pod.metadata.uid }, status };
  const path = `${podPath(pod)}/status?fieldManager=kubelet`;
  return outcome(() => api.request('PATCH', path, patch, 'application/strategic-merge-patch+json'));
}

/** Ends the deletion of a pod whose containers have all stopped. */
export async function deletePodObject(api: ApiClient, pod: Pod): Promise<WriteOutcome> {
  const options = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
  return outcome(() => api.request('DELETE', podPath(pod), options));
}

/** Records an event for people; one that cannot be written is dropped. */
export function recordPodEvent(
  api: ApiClient,
  pod: Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): void {
  const { name, namespace, uid } = pod.metadata;
  const time = kubeTime(Date.now());
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${name}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
    type,
    reason,
    message: message.slice(0, MAX_EVENT_MESSAGE),
    source: { component: 'kubelet', host: pod.spec.nodeName },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
  api.request('POST', `/api/v1/namespaces/${namespace}/events`, event).catch(() => undefined);
}

async function outcome(send: () => Promise<{ status: number; body: unknown }>): Promise<WriteOutcome> {
  try {
    const { status } = await send();
    if (status >= 200 && status < 300) return 'written';
    return status === 404 ? 'gone' : 'failed';
  } catch {
    return 'failed'; // the API server is away
  }
}
