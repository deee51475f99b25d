import { HTTP_PORT_NAME } from '../../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import type { ProbeTarget } from '../../probe/prober.ts';
import { keyOf } from '../../runtime/keys.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { Caches } from './caches.ts';
import { servingPort } from './observe-engine.ts';

/** Where the engine is asked for a token; undefined for one that is gone, or has no address yet. */
export function probeTarget(
  { metadata, spec }: VLLMDeployment,
  { uid, name }: EngineSnapshot,
  rank: number | undefined,
  caches: Caches,
): ProbeTarget | undefined {
  const pod = caches.pods.get(keyOf({ namespace: metadata.namespace, name }));
  const address = pod?.status.podIP;
  if (pod?.metadata.uid !== uid || address === undefined) return undefined;
  return {
    uid,
    name,
    address,
    port: servingPort(pod, HTTP_PORT_NAME) ?? spec.engine.port,
    model: spec.model.servedName ?? spec.model.name,
    ...(rank !== undefined && { rank }),
  };
}
