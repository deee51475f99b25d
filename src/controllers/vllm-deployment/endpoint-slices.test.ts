import { describe, expect, test } from 'vitest';
import { changesListing, listedUids } from './endpoint-slices.ts';
import { EndpointSliceProjection } from './projections.ts';

function slice(...endpoints: readonly object[]): EndpointSliceProjection {
  return EndpointSliceProjection.parse({
    metadata: { name: 'chat-x1', namespace: 'default', uid: 's', resourceVersion: '1' },
    endpoints,
  });
}

const endpoint = (uid: string, conditions: object = { ready: true }): object => ({
  addresses: ['10.0.0.1'],
  conditions,
  targetRef: { kind: 'Pod', name: `pod-${uid}`, uid },
});

describe('the engines that a Service lists', () => {
  test.each<[what: string, given: readonly object[], listed: readonly string[]]>([
    ['are those that are ready', [endpoint('a'), endpoint('b', { ready: false })], ['a']],
    ['include those whose readiness is left open, as Kubernetes reads it', [endpoint('a', {})], ['a']],
    [
      'exclude one that terminates though it still serves',
      [endpoint('a', { ready: false, serving: true, terminating: true })],
      [],
    ],
    ['exclude what is no pod', [{ addresses: ['10.0.0.1'], conditions: { ready: true } }], []],
  ])('%s', (_what, given, listed) => {
    expect([...listedUids([slice(...given)])]).toEqual(listed);
  });

  test('are those of all its slices', () => {
    expect([...listedUids([slice(endpoint('a')), slice(endpoint('b'))])]).toEqual(['a', 'b']);
  });

  test('are none where a slice has no endpoints', () => {
    const { metadata } = slice();
    expect(listedUids([EndpointSliceProjection.parse({ metadata, endpoints: null })]).size).toBe(0);
  });
});

describe('a change of a slice', () => {
  const before = slice(endpoint('a'), endpoint('b', { ready: false }));
  test.each<[what: string, now: EndpointSliceProjection | undefined, counts: boolean]>([
    ['counts when an engine is ready that was not', slice(endpoint('a'), endpoint('b')), true],
    ['counts when an engine is taken out', slice(endpoint('b', { ready: false })), true],
    ['counts when the slice is gone', undefined, true],
    ['does not count when one that is not ready goes', slice(endpoint('a')), false],
    [
      'does not count when another condition changes',
      slice(endpoint('a', { ready: true, serving: true })),
      false,
    ],
  ])('%s', (_what, now, counts) => {
    expect(changesListing(before, now)).toBe(counts);
  });
});
