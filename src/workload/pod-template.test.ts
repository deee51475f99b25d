import { describe, expect, test } from 'vitest';
import { fleet } from '../../test/builders/fleets.ts';
import type { PodTemplate } from './objects.ts';
import { buildPodTemplate } from './pod-template.ts';
import { buildReplicaSet } from './replica-set.ts';

function podOf(spec: Readonly<Record<string, unknown>> = {}): PodTemplate {
  const built = buildPodTemplate(fleet(spec), 'aaaaaaaa');
  if (!built.ok) throw new Error(built.message);
  return built.value;
}

describe('the pods of a revision', () => {
  test('serve from birth: the label of the Service is on the template, not in the selector', () => {
    const built = buildReplicaSet(fleet(), 'aaaaaaaa', 3);
    if (!built.ok) throw new Error(built.message);
    const { selector, template, replicas } = built.value.spec;
    expect(replicas).toBe(3);
    expect(selector.matchLabels).not.toHaveProperty(['vllm.warden.dev/serving']);
    expect(template.metadata.labels).toEqual({ ...selector.matchLabels, 'vllm.warden.dev/serving': 'true' });
  });

  test('have no liveness probe: it would kill busy engines and not notice wedged ones', () => {
    expect(podOf().spec.containers[0]).not.toHaveProperty('livenessProbe');
  });

  test('may start for as long as engine.startupTimeoutSeconds, rounded up to whole probes', () => {
    const { startupProbe } = podOf({ engine: { version: '0.30.0', startupTimeoutSeconds: 602 } }).spec
      .containers[0];
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(605);
  });

  test('run the public image where only a version is given', () => {
    expect(podOf({ engine: { version: '0.30.0' } }).spec.containers[0].image).toBe(
      'vllm/vllm-openai:v0.30.0',
    );
  });

  test('get a token of the API server only with an account that the user names', () => {
    expect(podOf().spec.automountServiceAccountToken).toBe(false);
    const named = podOf({ template: { serviceAccountName: 'workload-identity' } }).spec;
    expect(named).toMatchObject({ serviceAccountName: 'workload-identity' });
    expect(named).not.toHaveProperty('automountServiceAccountToken');
  });

  test('keep a volume of the user that may be lost with the node among those of the operator', () => {
    const key = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';
    const annotations = { [key]: 'scratch' };
    expect(podOf({ template: { annotations } }).metadata.annotations[key]).toBe('shm,scratch');
  });
});

describe('a spec that cannot become a pod is refused with the field and the remedy', () => {
  test.each([
    ['no image', { engine: {} }, 'ImageMissing', 'set engine.image or engine.version'],
    [
      'a variable that a typed field sets',
      {
        model: { name: 'm', tokenSecretRef: { name: 's', key: 'k' } },
        engine: { version: '0.30.0', env: [{ name: 'HF_TOKEN', value: 'x' }] },
      },
      'TemplateConflict',
      'spec.engine.env: "HF_TOKEN"',
    ],
    [
      'flags that the version does not know',
      { engine: { version: '0.30.0', args: ['--swap-space', '4', '--custom-histogram-buckets=x'] } },
      'FlagRejected',
      'spec.engine.args: vLLM 0.30.0 does not take --swap-space',
    ],
    [
      'a volume of ours',
      { template: { volumes: [{ name: 'shm' }] } },
      'TemplateConflict',
      'spec.template.volumes: "shm"',
    ],
    [
      'a mount over ours',
      { template: { volumeMounts: [{ name: 'a', mountPath: '/dev/shm/' }] } },
      'TemplateConflict',
      'spec.template.volumeMounts: "/dev/shm"',
    ],
    [
      'a sidecar named as our container',
      { template: { sidecars: [{ name: 'engine', image: 'x' }] } },
      'TemplateConflict',
      'spec.template.sidecars: "engine"',
    ],
    [
      'an init container named as a sidecar',
      { template: { sidecars: [{ name: 'a', image: 'x' }], initContainers: [{ name: 'a', image: 'x' }] } },
      'TemplateConflict',
      'spec.template.initContainers: "a"',
    ],
    [
      'a label of ours',
      { template: { labels: { 'vllm.warden.dev/serving': 'false' } } },
      'TemplateConflict',
      '"vllm.warden.dev/serving"',
    ],
    [
      'an annotation of ours',
      { template: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '1' } } },
      'TemplateConflict',
      '"controller.kubernetes.io/pod-deletion-cost"',
    ],
  ])('%s', (_, spec, reason, text) => {
    expect(buildReplicaSet(fleet(spec), 'aaaaaaaa', 1)).toEqual({
      ok: false,
      reason,
      message: expect.stringContaining(text),
    });
  });
});
