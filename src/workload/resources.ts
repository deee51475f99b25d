import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import { gpusPerEngine } from './flags.ts';
import type { EngineContainer } from './objects.ts';

const DEFAULT_GPU = 'nvidia.com/gpu';

/**
 * The engine's resources as given; where they name no device (an extended resource such as `amd.com/gpu`),
 * one NVIDIA GPU for each of the ranks is added. `nvidia.com/gpu: "0"` names a device, hence adds none.
 */
export function engineResources(spec: VLLMDeploymentSpec): EngineContainer['resources'] {
  const { limits, requests } = spec.resources;
  const namesDevice = [...Object.keys(limits), ...Object.keys(requests)].some((name) => name.includes('/'));
  const withDevice = namesDevice ? limits : { ...limits, [DEFAULT_GPU]: String(gpusPerEngine(spec.engine)) };
  return {
    ...(Object.keys(withDevice).length > 0 && { limits: withDevice }),
    ...(Object.keys(requests).length > 0 && { requests }),
  };
}
