import { ANNOTATIONS, CACHE_VOLUME, LABELS, SERVING, SHM_VOLUME } from '../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import { drainTimes } from './drain-times.ts';
import { engineContainer, engineImage } from './engine-container.ts';
import { flagConflict } from './flags.ts';
import { memberLabels } from './names.ts';
import type { Built, NamedObject, PodSpec, PodTemplate } from './objects.ts';
import { templateConflict } from './template-conflicts.ts';

type Spec = VLLMDeployment['spec'];

/**
 * The pods of a revision. `template` is merged in: maps merge, lists are appended, a clash with what the
 * operator sets is refused.
 */
export function buildPodTemplate(fleet: VLLMDeployment, revision: string): Built<PodTemplate> {
  const { spec } = fleet;
  const image = engineImage(spec.engine);
  if (image === undefined) {
    const message = 'spec.engine names neither an image nor a version; set engine.image or engine.version';
    return { ok: false, reason: 'ImageMissing', message };
  }
  const conflict = templateConflict(spec);
  if (conflict !== undefined) return { ok: false, reason: 'TemplateConflict', message: conflict };
  const rejected = flagConflict(spec);
  if (rejected !== undefined) return { ok: false, reason: 'FlagRejected', message: rejected };
  const labels = {
    ...spec.template.labels,
    ...memberLabels(fleet.metadata.name, revision),
    [LABELS.serving]: SERVING.true,
  };
  return {
    ok: true,
    value: { metadata: { labels, annotations: annotations(spec) }, spec: podSpec(spec, image) },
  };
}

function podSpec(spec: Spec, image: string): PodSpec {
  const { template } = spec;
  const initContainers = [...template.initContainers, ...template.sidecars.map(nativeSidecar)];
  return {
    ...(initContainers.length > 0 && { initContainers }),
    containers: [engineContainer(spec, image)],
    volumes: [...ownVolumes(spec), ...template.volumes],
    terminationGracePeriodSeconds: drainTimes(spec.drain).gracePeriodSeconds,
    // A Service named "vllm" would set VLLM_PORT in every pod, which vLLM reads as its own setting.
    enableServiceLinks: false,
    ...account(template.serviceAccountName),
    ...placement(template),
  };
}

/** Engines do not talk to the API server: no token unless the user names an account for it. */
function account(
  name: string | undefined,
): Pick<PodSpec, 'automountServiceAccountToken' | 'serviceAccountName'> {
  return name === undefined ? { automountServiceAccountToken: false } : { serviceAccountName: name };
}

function placement(template: Spec['template']): Partial<PodSpec> {
  const { nodeSelector, tolerations, topologySpreadConstraints, imagePullSecrets } = template;
  const { affinity, priorityClassName, runtimeClassName, schedulerName, securityContext } = template;
  return {
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations.length > 0 && { tolerations }),
    ...(topologySpreadConstraints.length > 0 && { topologySpreadConstraints }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets }),
    ...(affinity !== undefined && { affinity }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    ...(runtimeClassName !== undefined && { runtimeClassName }),
    ...(schedulerName !== undefined && { schedulerName }),
    ...(securityContext !== undefined && { securityContext }),
  };
}

/** Starts before the engine and leaves after it: a proxy beside it must outlive the drain. */
function nativeSidecar(container: NamedObject): NamedObject {
  return { ...container, restartPolicy: 'Always' };
}

/** vLLM's workers share tensors through /dev/shm; the runtime's default of 64 MiB ends them. */
function ownVolumes({ model }: Spec): readonly NamedObject[] {
  const shm = { name: SHM_VOLUME, emptyDir: { medium: 'Memory' } };
  if (model.cache === undefined) return [shm];
  const { claimName, hostPath } = model.cache;
  const source =
    claimName === undefined
      ? { hostPath: { path: hostPath, type: 'DirectoryOrCreate' } }
      : { persistentVolumeClaim: { claimName } };
  return [shm, { name: CACHE_VOLUME, ...source }];
}

/** Without the annotation, a pod with local volumes keeps the cluster autoscaler from removing its node. */
function annotations({ template, model }: Spec): Readonly<Record<string, string>> {
  const key = ANNOTATIONS.safeToEvictLocalVolumes;
  const ours = model.cache?.hostPath === undefined ? [SHM_VOLUME] : [SHM_VOLUME, CACHE_VOLUME];
  const theirs = template.annotations[key];
  return { ...template.annotations, [key]: [...ours, ...(theirs === undefined ? [] : [theirs])].join(',') };
}
