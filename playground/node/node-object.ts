import { kubeTime } from './pod-status.ts';

/** A node to stand in for. */
export interface NodeOptions {
  readonly name: string;
  /** `nvidia.com/gpu` in its capacity; 0 leaves the resource out. Default 0. */
  readonly gpus?: number;
  /** Default 64. */
  readonly cpus?: number;
  /** Gibibytes; default 512. */
  readonly memoryGi?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const MAX_PODS = 110;

/** The Node as a kubelet registers it, ready from the first moment. */
export function nodeObject(node: NodeOptions, now: number): Readonly<Record<string, unknown>> {
  const capacity = {
    cpu: String(node.cpus ?? 64),
    memory: `${node.memoryGi ?? 512}Gi`,
    pods: String(MAX_PODS),
    ...(node.gpus === undefined || node.gpus === 0 ? {} : { 'nvidia.com/gpu': String(node.gpus) }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: {
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...node.labels,
      },
    },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: node.name },
      ],
      nodeInfo: {
        kubeletVersion: 'v0.0.0-stand-in',
        containerRuntimeVersion: 'playground://0',
        operatingSystem: 'linux',
        architecture: 'amd64',
        osImage: 'vllm-warden playground',
        kernelVersion: '',
        bootID: '',
        machineID: '',
        systemUUID: '',
        kubeProxyVersion: '',
      },
      conditions: [
        condition('Ready', 'True', 'KubeletReady', now),
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', now),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', now),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', now),
      ],
    },
  };
}

function condition(
  type: string,
  status: string,
  reason: string,
  now: number,
): Readonly<Record<string, string>> {
  const time = kubeTime(now);
  return { type, status, reason, message: reason, lastHeartbeatTime: time, lastTransitionTime: time };
}

/** The Lease by which the node-lifecycle controller sees that the node lives. */
export function nodeLease(name: string, now: number): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    // A MicroTime has six digits; three are refused.
    spec: {
      holderIdentity: name,
      leaseDurationSeconds: 40,
      renewTime: new Date(now).toISOString().replace('Z', '000Z'),
    },
  };
}
