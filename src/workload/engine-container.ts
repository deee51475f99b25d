import {
  CACHE_PATH,
  CACHE_VOLUME,
  ENGINE_CONTAINER,
  HTTP_PORT_NAME,
  SHM_PATH,
  SHM_VOLUME,
} from '../api/v1alpha1/constants.ts';
import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import { serveArgs } from './flags.ts';
import type { EngineContainer, EnvVar, HttpProbe, VolumeMount } from './objects.ts';
import { preStop } from './pre-stop.ts';
import { engineResources } from './resources.ts';

type Spec = VLLMDeploymentSpec;

const PERIOD_SECONDS = 5;

/** A busy engine answers late: below 5 s, probes take busy engines out of service. */
const TIMEOUT_SECONDS = 10;

/** The image to run: `engine.image`, else the public image of `engine.version`. */
export function engineImage(engine: Spec['engine']): string | undefined {
  if (engine.image !== undefined) return engine.image;
  return engine.version === undefined ? undefined : `vllm/vllm-openai:v${engine.version}`;
}

/** Variables that the operator sets from typed fields. */
export function ownEnv({ model, engine }: Spec): readonly EnvVar[] {
  const env: EnvVar[] = [];
  if (model.tokenSecretRef !== undefined) {
    env.push({ name: 'HF_TOKEN', valueFrom: { secretKeyRef: model.tokenSecretRef } });
  }
  if (model.cache !== undefined) env.push({ name: 'HF_HOME', value: CACHE_PATH });
  if (engine.apiKeySecretRef !== undefined) {
    env.push({ name: 'VLLM_API_KEY', valueFrom: { secretKeyRef: engine.apiKeySecretRef } });
  }
  return env;
}

/** Mounts that the operator makes. */
export function ownMounts({ model }: Spec): readonly VolumeMount[] {
  const mounts = [{ name: SHM_VOLUME, mountPath: SHM_PATH }];
  return model.cache === undefined ? mounts : [...mounts, { name: CACHE_VOLUME, mountPath: CACHE_PATH }];
}

/**
 * The container `engine`. There is no liveness probe: vLLM exits when its engine dies, `/health` stays 200
 * when it hangs, and a liveness probe on it kills busy engines.
 */
export function engineContainer(spec: Spec, image: string): EngineContainer {
  const env = [...ownEnv(spec), ...spec.engine.env];
  const stop = preStop(spec);
  return {
    name: ENGINE_CONTAINER,
    image,
    command: ['vllm', 'serve'],
    args: serveArgs(spec),
    ports: [{ name: HTTP_PORT_NAME, containerPort: spec.engine.port, protocol: 'TCP' }],
    ...(env.length > 0 && { env }),
    resources: engineResources(spec),
    startupProbe: health(Math.ceil(spec.engine.startupTimeoutSeconds / PERIOD_SECONDS)),
    readinessProbe: health(3),
    ...(stop !== undefined && { lifecycle: { preStop: stop } }),
    // vLLM writes no termination message: the end of its log says why it ended.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [...ownMounts(spec), ...spec.template.volumeMounts],
  };
}

function health(failureThreshold: number): HttpProbe {
  return {
    httpGet: { path: '/health', port: HTTP_PORT_NAME },
    periodSeconds: PERIOD_SECONDS,
    timeoutSeconds: TIMEOUT_SECONDS,
    failureThreshold,
  };
}
