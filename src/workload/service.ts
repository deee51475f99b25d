import { HTTP_PORT_NAME, SERVICE_PORT } from '../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import { childMeta, servingLabels } from './names.ts';
import type { Service } from './objects.ts';

/**
 * The Service in front of the fleet. The target port is given by name, so that revisions with different
 * `engine.port` serve side by side.
 */
export function buildService(fleet: VLLMDeployment): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMeta(fleet, fleet.metadata.name),
    spec: {
      type: 'ClusterIP',
      selector: servingLabels(fleet.metadata.name),
      ports: [{ name: HTTP_PORT_NAME, port: SERVICE_PORT, targetPort: HTTP_PORT_NAME, protocol: 'TCP' }],
    },
  };
}
