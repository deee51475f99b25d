import { stringify } from 'yaml';
import { PAGE_ENGINE_IMAGE } from './page-engines.ts';

/** Seconds between two pages of an engine, the shortest that the operator takes. */
export const INTERVAL_SECONDS = 1;

/** The manifest of a fleet of page engines. */
export function fleetManifest(name: string, minReplicas: number, maxReplicas: number): string {
  return stringify({
    apiVersion: 'vllm.warden.dev/v1alpha1',
    kind: 'VLLMDeployment',
    metadata: { name },
    spec: {
      model: { name: 'meta-llama/Llama-3.1-8B-Instruct' },
      engine: { image: PAGE_ENGINE_IMAGE, metrics: { intervalSeconds: INTERVAL_SECONDS } },
      resources: { limits: { 'nvidia.com/gpu': '1' } },
      scaling: { minReplicas, maxReplicas },
    },
  });
}
