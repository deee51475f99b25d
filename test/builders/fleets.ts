import { parseVLLMDeployment, type VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import type { FleetSnapshot, ReplicaSetSnapshot } from '../../src/snapshot/fleet-snapshot.ts';
import { secondsAgo } from './engines.ts';

/** The scaling that a fleet of the tests has unless it says otherwise. */
export const SCALING = { minReplicas: 1, maxReplicas: 8 } as const;

/**
 * The fleet `chat`, parsed as the operator parses it, with the given fields of the spec; `scaling: undefined`
 * leaves it out.
 */
export function fleet(spec: Readonly<Record<string, unknown>> = {}, status?: unknown): VLLMDeployment {
  const object = {
    apiVersion: 'vllm.warden.dev/v1alpha1',
    kind: 'VLLMDeployment',
    metadata: { name: 'chat', namespace: 'models', uid: 'fleet-uid', resourceVersion: '7', generation: 3 },
    spec: {
      model: { name: 'Qwen/Qwen3-0.6B' },
      engine: { image: 'vllm/vllm-openai:v0.30.0' },
      scaling: SCALING,
      ...spec,
    },
    ...(status !== undefined && { status }),
  };
  // Over the wire, where a field that is undefined does not exist.
  const parsed = parseVLLMDeployment(JSON.parse(JSON.stringify(object)));
  if (!parsed.ok) throw new Error(parsed.issues.join('; '));
  return parsed.value;
}

/** The ReplicaSet of a revision. */
export function replicaSet(
  revision: string,
  replicas: number,
  overrides: Partial<ReplicaSetSnapshot> = {},
): ReplicaSetSnapshot {
  return {
    name: `chat-${revision}`,
    uid: `uid-chat-${revision}`,
    revision,
    createdAtMs: secondsAgo(7200),
    replicas,
    isSizeObserved: true,
    ...overrides,
  };
}

/** A settled fleet at revision `aaa`: one ReplicaSet that has as many engines as are given. */
export function fleetSnapshot(
  engines: readonly EngineSnapshot[],
  overrides: Partial<FleetSnapshot> = {},
): FleetSnapshot {
  return {
    fleet: fleet(),
    revision: 'aaa',
    specRevision: overrides.revision ?? 'aaa',
    replicaSets: [replicaSet('aaa', engines.filter(({ lifecycle }) => lifecycle !== 'Terminating').length)],
    engines,
    children: { service: 'Current', podDisruptionBudget: 'Current' },
    engineVersion: '0.30.0',
    autoscalers: [],
    ...overrides,
  };
}

/** The engine as one of another revision. */
export function of(revision: string, engine: EngineSnapshot): EngineSnapshot {
  return { ...engine, revision, replicaSet: `chat-${revision}` };
}
