import { type BadResource, invalid, malformed, unknown } from './printed.ts';

const NO_QUANTITY = 'is not a quantity: write one that is not negative, such as "1", "500m" or "80Gi"';

/** Resources, template and drain. */
export const BAD_PODS: readonly BadResource[] = [
  [
    'memory that is no quantity',
    'spec: {resources: {limits: {memory: lots}}}',
    invalid(`spec.resources.limits: Invalid value: "object": the value of memory ${NO_QUANTITY}`),
  ],
  [
    'less than no GPU',
    'spec: {resources: {limits: {nvidia.com/gpu: -1}}}',
    invalid(`spec.resources.limits: Invalid value: "object": the value of nvidia.com/gpu ${NO_QUANTITY}`),
  ],
  [
    'half a GPU as a number',
    'spec: {resources: {limits: {nvidia.com/gpu: 1.5}}}',
    malformed(
      'spec.resources.limits.nvidia.com/gpu: Invalid value: "number": spec.resources.limits.nvidia.com/gpu in body must be of type integer,string: "number"',
    ),
  ],
  [
    'half a GPU as text',
    'spec: {resources: {limits: {nvidia.com/gpu: "0.5"}}}',
    invalid(
      'spec.resources.limits: Invalid value: "object": nvidia.com/gpu is a device: write a whole number such as "1"',
    ),
  ],
  [
    'a label of the operator',
    'spec: {template: {labels: {vllm.warden.dev/fleet: x}}}',
    invalid(
      'spec.template.labels: Invalid value: "object": remove vllm.warden.dev/fleet: the operator sets this key',
    ),
  ],
  [
    'an annotation of the operator',
    'spec: {template: {annotations: {controller.kubernetes.io/pod-deletion-cost: "1"}}}',
    invalid(
      'spec.template.annotations: Invalid value: "object": remove controller.kubernetes.io/pod-deletion-cost: the operator sets this key',
    ),
  ],
  [
    'a volume of the operator',
    'spec: {template: {volumes: [{name: shm}]}}',
    invalid(
      'spec.template.volumes: Invalid value: "array": the names "shm" and "model-cache" are volumes of the operator: give this volume another name',
    ),
  ],
  [
    'two volumes of one name',
    'spec: {template: {volumes: [{name: a},{name: a}]}}',
    invalid('spec.template.volumes[1]: Duplicate value: {"name":"a"}'),
  ],
  [
    'a mount of no volume',
    'spec: {template: {volumeMounts: [{name: a, mountPath: /a}]}}',
    invalid(
      'spec.template: Invalid value: "object": every volumeMounts[].name must be the name of one of volumes: add the volume, or remove the mount',
    ),
  ],
  [
    'a mount over the shared memory',
    'spec: {template: {volumes: [{name: a}], volumeMounts: [{name: a, mountPath: /dev/shm/}]}}',
    invalid(
      'spec.template.volumeMounts: Invalid value: "array": /dev/shm is mounted by the operator as a memory volume: remove this mount',
    ),
  ],
  [
    'a sidecar that is named as the engine',
    'spec: {template: {sidecars: [{name: engine, image: x}]}}',
    invalid(
      `spec.template.sidecars: Invalid value: "array": the name "engine" is the operator's own container: give this container another name`,
    ),
  ],
  [
    'a sidecar and an init container of one name',
    'spec: {template: {sidecars: [{name: a, image: x}], initContainers: [{name: a, image: x}]}}',
    invalid(
      'spec: Invalid value: "object": template.initContainers and template.sidecars share a name: give one of the containers another name',
    ),
  ],
  [
    'a sidecar without an image',
    'spec: {template: {sidecars: [{name: a}]}}',
    malformed('spec.template.sidecars[0].image: Required value'),
  ],
  [
    'a field of a pod that is not in the template',
    'spec: {template: {hostNetwork: true}}',
    unknown('spec.template.hostNetwork'),
  ],
  [
    'a grace that cuts the drain',
    'spec: {drain: {timeoutSeconds: 600, terminationGracePeriodSeconds: 600}}',
    invalid(
      'spec.drain: Invalid value: "object": terminationGracePeriodSeconds (600) is below settleSeconds + timeoutSeconds + 15 = 625, so running requests would be cut: raise it, or lower the others',
    ),
  ],
  [
    'a grace that cuts the shortest drain',
    'spec: {drain: {terminationGracePeriodSeconds: 20}}',
    invalid(
      'spec.drain: Invalid value: "object": terminationGracePeriodSeconds (20) is below settleSeconds + timeoutSeconds + 15 = 26, so running requests would be cut: raise it, or lower the others',
    ),
  ],
  [
    'negative settling',
    'spec: {drain: {settleSeconds: -1}}',
    invalid(
      'spec.drain.settleSeconds: Invalid value: -1: spec.drain.settleSeconds in body should be greater than or equal to 0',
    ),
  ],
  [
    'a mount over the cache',
    'spec: {model: {cache: {claimName: a}}, template: {volumes: [{name: a}], volumeMounts: [{name: a, mountPath: /var/cache/huggingface}]}}',
    invalid(
      'spec: Invalid value: "object": model.cache is mounted at /var/cache/huggingface: mount this volume elsewhere',
    ),
  ],
];
