import { API_VERSION, PLURAL } from '../../src/api/v1alpha1/constants.ts';
import { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { Playground } from '../playground.ts';

/**
 * Shows each status of a fleet, as a watch tells it, until the signal aborts.
 * @throws Error when the watch broke: what it told would not be the whole life
 */
export async function followFleet(
  playground: Playground,
  fleet: string,
  signal: AbortSignal,
  observe: (status: VLLMDeployment['status']) => void,
): Promise<void> {
  const path = `/apis/${API_VERSION}/namespaces/default/${PLURAL}?fieldSelector=metadata.name%3D${fleet}`;
  for await (const { type, object } of playground.watch(path, signal)) {
    if (type !== 'BOOKMARK') observe(VLLMDeployment.parse(object).status);
  }
  if (!signal.aborted) throw new Error('the API server ended the watch of the fleet');
}
