import {
  ANNOTATIONS,
  CACHE_VOLUME,
  ENGINE_CONTAINER,
  RESERVED_PREFIX,
  SHM_VOLUME,
} from '../api/v1alpha1/constants.ts';
import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import { ownEnv, ownMounts } from './engine-container.ts';

type Spec = VLLMDeploymentSpec;

interface Check {
  readonly field: string;
  readonly given: (spec: Spec) => readonly string[];
  readonly taken: (spec: Spec) => readonly string[];
  readonly remedy: string;
}

/** What the user may not set because the operator does; one row a place where both could write. */
const CHECKS: readonly Check[] = [
  {
    field: 'engine.env',
    given: ({ engine }) => engine.env.map(({ name }) => name),
    taken: (spec) => ownEnv(spec).map(({ name }) => name),
    remedy: 'remove the variable, or the typed field that sets it',
  },
  {
    field: 'template.volumes',
    given: ({ template }) => template.volumes.map(({ name }) => name),
    taken: () => [SHM_VOLUME, CACHE_VOLUME],
    remedy: 'give the volume another name',
  },
  {
    field: 'template.volumeMounts',
    given: ({ template }) =>
      template.volumeMounts.map(({ mountPath }) => mountPath.replace(/(?<=.)\/+$/, '')),
    taken: (spec) => ownMounts(spec).map(({ mountPath }) => mountPath),
    remedy: 'mount the volume at another path',
  },
  {
    field: 'template.initContainers',
    given: ({ template }) => template.initContainers.map(({ name }) => name),
    taken: ({ template }) => [ENGINE_CONTAINER, ...template.sidecars.map(({ name }) => name)],
    remedy: 'give the container another name',
  },
  {
    field: 'template.sidecars',
    given: ({ template }) => template.sidecars.map(({ name }) => name),
    taken: () => [ENGINE_CONTAINER],
    remedy: 'give the container another name',
  },
];

/** The first clash between what the user and what the operator puts into the pod, as a sentence. */
export function templateConflict(spec: Spec): string | undefined {
  for (const check of CHECKS) {
    const taken = check.taken(spec);
    const clash = check.given(spec).find((name) => taken.includes(name));
    if (clash !== undefined) {
      return `spec.${check.field}: "${clash}" is used by the operator or by another field; ${check.remedy}`;
    }
  }
  const key = [...Object.keys(spec.template.labels), ...Object.keys(spec.template.annotations)].find(
    isReserved,
  );
  if (key === undefined) return undefined;
  return `spec.template: the key "${key}" is set by the operator; remove it`;
}

function isReserved(key: string): boolean {
  return key.startsWith(RESERVED_PREFIX) || key === ANNOTATIONS.podDeletionCost;
}
