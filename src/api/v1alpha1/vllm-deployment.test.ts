import { describe, expect, test } from 'vitest';
import { parseVLLMDeployment } from './vllm-deployment.ts';

const OBJECT = {
  apiVersion: 'vllm.warden.dev/v1alpha1',
  kind: 'VLLMDeployment',
  metadata: { name: 'chat', namespace: 'models', uid: 'u', resourceVersion: '1' },
  spec: { model: { name: 'm' }, engine: { image: 'i' }, replicas: 1 },
};

const withSpec = (spec: object): unknown => ({ ...OBJECT, spec: { ...OBJECT.spec, ...spec } });

describe('a readable object', () => {
  test('is frozen at every level', () => {
    const parsed = parseVLLMDeployment(OBJECT);
    if (!parsed.ok) throw new Error(parsed.issues.join('; '));
    expect(Object.isFrozen(parsed.value)).toBe(true);
    expect(Object.isFrozen(parsed.value.spec.engine.metrics)).toBe(true);
    expect(Object.isFrozen(parsed.value.spec.template.sidecars)).toBe(true);
  });

  test('keeps absent what has no default', () => {
    const parsed = parseVLLMDeployment(OBJECT);
    expect(parsed).not.toHaveProperty('value.spec.scaling');
    expect(parsed).not.toHaveProperty('value.spec.engine.maxNumSeqs');
    expect(parsed).not.toHaveProperty('value.status');
  });

  test('loses unknown fields, but not inside what is passed on to the pods', () => {
    const volume = { name: 'a', csi: { driver: 'd' } };
    const parsed = parseVLLMDeployment(
      withSpec({ ahead: 1, template: { volumes: [volume], affinity: { a: { b: [] } } } }),
    );
    expect(parsed).not.toHaveProperty('value.spec.ahead');
    expect(parsed).toHaveProperty('value.spec.template.volumes', [volume]);
    expect(parsed).toHaveProperty('value.spec.template.affinity', { a: { b: [] } });
  });

  test('has quantities as text, however they were written', () => {
    const parsed = parseVLLMDeployment(
      withSpec({ resources: { limits: { 'nvidia.com/gpu': 2, memory: '64Gi' } } }),
    );
    expect(parsed).toHaveProperty('value.spec.resources.limits', { 'nvidia.com/gpu': '2', memory: '64Gi' });
  });
});

describe('an unreadable object tells each field and what is wrong with it', () => {
  test.each([
    ['not an object', null, ['the object: Invalid input: expected object, received null']],
    ['of another kind', { ...OBJECT, kind: 'Pod' }, ['kind: Invalid input: expected "VLLMDeployment"']],
    [
      'with two bad fields',
      withSpec({ replicas: -1, engine: { image: 'i', env: [{ value: '1' }] } }),
      [
        'spec.engine.env[0].name: Invalid input: expected string, received undefined',
        'spec.replicas: Too small: expected number to be >=0',
      ],
    ],
  ])('%s', (_, object, issues) => {
    expect(parseVLLMDeployment(object)).toEqual({ ok: false, issues });
  });
});
