import { expect, test } from 'vitest';
import { foreignScaleOf } from './foreign-scale.ts';
import { ReplicaSetProjection } from './projections.ts';

const AT = '2026-03-01T03:00:00Z';
const REPLICAS = { 'f:spec': { 'f:replicas': {} } };

function replicaSet(...managedFields: object[]): ReplicaSetProjection {
  return ReplicaSetProjection.parse({
    metadata: { name: 'chat-1', namespace: 'default', uid: 'u', resourceVersion: '1', managedFields },
    spec: { replicas: 3 },
  });
}

test.each<[what: string, entry: object]>([
  ['we scaled it', { manager: 'vllm-warden-scale', subresource: 'scale', time: AT, fieldsV1: REPLICAS }],
  ['we created it', { manager: 'vllm-warden', time: AT, fieldsV1: REPLICAS }],
  ['its status was written', { manager: 'kube-controller-manager', time: AT, fieldsV1: { 'f:status': {} } }],
  ['somebody labelled it', { manager: 'kubectl', time: AT, fieldsV1: { 'f:metadata': {} } }],
])('nobody else owns the size when %s', (_what, entry) => {
  expect(foreignScaleOf(replicaSet(entry))).toBeUndefined();
});

test('a person who scales a ReplicaSet is seen, with the time', () => {
  const entry = { manager: 'kubectl', subresource: 'scale', time: AT, fieldsV1: REPLICAS };
  expect(foreignScaleOf(replicaSet({ manager: 'vllm-warden', time: AT, fieldsV1: {} }, entry))).toEqual({
    manager: 'kubectl',
    atMs: Date.parse(AT),
  });
});

test('a write through /scale is seen too, though Kubernetes records no time for it', () => {
  const entry = { manager: 'kubectl', subresource: 'scale', fieldsV1: REPLICAS };
  expect(foreignScaleOf(replicaSet(entry))).toEqual({ manager: 'kubectl' });
});
