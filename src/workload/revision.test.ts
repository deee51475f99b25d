import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fleet } from '../../test/builders/fleets.ts';
import { revisionOf } from './revision.ts';

const revision = (spec: Readonly<Record<string, unknown>> = {}): string => revisionOf(fleet(spec).spec);

const IMAGE = 'vllm/vllm-openai:v0.30.0';
const MODEL = { name: 'Qwen/Qwen3-0.6B' };

test('a revision is eight characters that may end the name of a ReplicaSet', () => {
  expect(revision()).toMatch(/^[0-9a-hjkmnp-tv-z]{8}$/);
});

test('a revision is the one that this spec had in the first release', () => {
  expect(revision()).toBe('27sesmcg');
  expect(revision({ drain: { timeoutSeconds: 60, settleSeconds: 5 } })).toBe('a005zms1');
});

describe('the revision stays', () => {
  const sameAsMinimal: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    [
      'when defaults are written out',
      { engine: { image: IMAGE, port: 8000, tensorParallelSize: 1, args: [] } },
    ],
    [
      'when nested defaults are written out',
      { drain: { settleSeconds: 10 }, template: { labels: {} }, resources: {} },
    ],
    ['when the version of the tag is written out', { engine: { image: IMAGE, version: '0.30.0' } }],
    ['when the served name is the name', { model: { ...MODEL, servedName: MODEL.name } }],
    ['when the size changes', { replicas: 5 }],
    ['when the scaling changes', { scaling: { minReplicas: 2, maxReplicas: 30, mode: 'Advisory' } }],
    [
      'when a schedule is added',
      { scaling: { maxReplicas: 8, schedules: [{ cron: '0 8 * * *', minReplicas: 2 }] } },
    ],
    ['when the latency targets change', { latency: { useCase: 'RAG', ttftMilliseconds: 700 } }],
    ['when the fleet is suspended', { suspend: true }],
    ['when labels of the router are named', { drain: { labels: [{ key: 'pool', value: 'chat' }] } }],
    ['when roll-outs go another way', { rollout: { strategy: 'DrainFirst', maxConcurrent: 3 } }],
    [
      'when the scrape changes',
      { engine: { image: IMAGE, metrics: { intervalSeconds: 1, port: 9, path: '/m' } } },
    ],
  ];
  test.each(sameAsMinimal)('%s', (_, spec) => {
    expect(revision(spec)).toBe(revision());
  });

  test('whatever the order of the keys, at every level', () => {
    const anySpec = fc.record({
      engine: fc.record({
        image: fc.constant(IMAGE),
        maxNumSeqs: fc.integer({ min: 1, max: 999 }),
        kvCacheDtype: fc.constantFrom('auto', 'fp8'),
      }),
      template: fc.record({
        labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string({ maxLength: 5 }), { maxKeys: 5 }),
        affinity: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue(), { maxKeys: 3 }),
      }),
    });
    fc.assert(
      fc.property(anySpec, (spec) => {
        expect(revision(reversed(spec))).toBe(revision(spec));
      }),
    );
  });
});

describe('the revision changes', () => {
  const engine = (knobs: object): Readonly<Record<string, unknown>> => ({
    engine: { image: IMAGE, ...knobs },
  });
  const changes: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['model.name', { model: { name: 'Qwen/Qwen3-8B' } }],
    ['model.servedName', { model: { ...MODEL, servedName: 'chat' } }],
    ['model.revision', { model: { ...MODEL, revision: 'v2' } }],
    ['model.tokenSecretRef', { model: { ...MODEL, tokenSecretRef: { name: 'a', key: 'b' } } }],
    ['model.cache', { model: { ...MODEL, cache: { claimName: 'a' } } }],
    ['engine.image', { engine: { image: 'vllm/vllm-openai:v0.30.1' } }],
    ['engine.version, when it is not that of the tag', engine({ version: '0.17.1' })],
    ['engine.maxModelLen', engine({ maxModelLen: 8192 })],
    ['engine.maxNumSeqs', engine({ maxNumSeqs: 64 })],
    ['engine.maxNumBatchedTokens', engine({ maxNumBatchedTokens: 4096 })],
    ['engine.gpuMemoryUtilization', engine({ gpuMemoryUtilization: 0.9 })],
    ['engine.tensorParallelSize', engine({ tensorParallelSize: 2 })],
    ['engine.pipelineParallelSize', engine({ pipelineParallelSize: 2 })],
    ['engine.kvCacheDtype', engine({ kvCacheDtype: 'fp8' })],
    ['engine.maxQueuedRequests', engine({ maxQueuedRequests: 10 })],
    ['engine.args', engine({ args: ['--enforce-eager'] })],
    ['engine.env', engine({ env: [{ name: 'A', value: '1' }] })],
    ['engine.port', engine({ port: 9000 })],
    ['engine.apiKeySecretRef', engine({ apiKeySecretRef: { name: 'a', key: 'b' } })],
    ['engine.startupTimeoutSeconds', engine({ startupTimeoutSeconds: 60 })],
    ['resources.limits', { resources: { limits: { memory: '1Gi' } } }],
    ['resources.requests', { resources: { requests: { memory: '1Gi' } } }],
    ['template.labels', { template: { labels: { team: 'a' } } }],
    ['template.volumes', { template: { volumes: [{ name: 'a', emptyDir: {} }] } }],
    ['template.affinity', { template: { affinity: { nodeAffinity: {} } } }],
    ['drain.timeoutSeconds', { drain: { timeoutSeconds: 60 } }],
    ['drain.settleSeconds', { drain: { settleSeconds: 0 } }],
    ['drain.terminationGracePeriodSeconds', { drain: { terminationGracePeriodSeconds: 700 } }],
  ];

  test('with each field that shapes the pods, each time to another one', () => {
    const revisions = changes.map(([field, spec]) => [field, revision(spec)] as const);
    const withSame = (wanted: string): readonly string[] =>
      revisions.filter(([, value]) => value === wanted).map(([field]) => field);
    for (const [field, value] of revisions) expect(withSame(value)).toEqual([field]);
    expect(withSame(revision())).toEqual([]);
  });

  test('with the order and the content of lists', () => {
    const a = { name: 'A', value: '1' };
    const b = { name: 'B', value: '2' };
    expect(revision(engine({ env: [a, b] }))).not.toBe(revision(engine({ env: [b, a] })));
    const empty = revision({ template: { volumes: [{ name: 'a', emptyDir: {} }] } });
    expect(empty).not.toBe(revision({ template: { volumes: [{ name: 'a' }] } }));
  });

  test('never by accident: two specs have one revision only if their knobs are equal', () => {
    const knobs = fc.record({
      maxNumSeqs: fc.integer({ min: 1, max: 3 }),
      maxModelLen: fc.integer({ min: 1, max: 3 }),
      args: fc.array(fc.constantFrom('--a', '--b'), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(knobs, knobs, (one, other) => {
        const equal = JSON.stringify(one) === JSON.stringify(other);
        expect(revision(engine(one)) === revision(engine(other))).toBe(equal);
      }),
    );
  });
});

/** The same value with the keys of every object in the opposite order. */
function reversed<T>(value: T): T;
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => reversed(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
