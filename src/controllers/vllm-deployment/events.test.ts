import { describe, expect, test } from 'vitest';
import { fleet } from '../../../test/builders/fleets.ts';
import type { WrittenStatus } from '../../fleet/status.ts';
import { transitionEvents } from './events.ts';

const AT = '2026-03-01T03:00:00.000Z';

type Status = 'True' | 'False' | 'Unknown';

function withCondition(type: string, status: Status, reason = 'SomeReason'): WrittenStatus {
  return { conditions: [{ type, status, reason, message: 'a sentence', lastTransitionTime: AT }] };
}

function withHistory(
  ...changes: readonly (readonly [at: string, from: number, to: number])[]
): WrittenStatus {
  const history = changes.map(([at, from, to]) => ({
    at,
    from,
    to,
    reason: 'R',
    message: 'KVCache asks for it',
  }));
  return { scaling: { decidedAt: AT, reason: 'R', message: 'M', history } };
}

function reasons(before: WrittenStatus | undefined, after: WrittenStatus): readonly string[] {
  return transitionEvents(fleet(), before, after).map(({ type, reason }) => `${type} ${reason}`);
}

describe('a condition is told when it changes', () => {
  test.each<[what: string, type: string, before: Status | undefined, after: Status, expected: string[]]>([
    ['for the worse', 'MetricsAvailable', 'True', 'False', ['Warning SomeReason']],
    ['back to good', 'MetricsAvailable', 'False', 'True', ['Normal SomeReason']],
    ['not while it stays', 'MetricsAvailable', 'False', 'False', []],
    ['bad when true, for the worse', 'Stalled', 'False', 'True', ['Warning SomeReason']],
    ['bad when true, back to good', 'ConflictingAutoscaler', 'True', 'False', ['Normal SomeReason']],
    ['not when the fleet is born and not ready yet', 'Ready', undefined, 'False', []],
    ['but when it is born stalled', 'Stalled', undefined, 'True', ['Warning SomeReason']],
    ['not when nothing is known', 'MetricsAvailable', 'True', 'Unknown', []],
    ['not when it follows the load', 'ScalingLimited', 'False', 'True', []],
    ['when the targets are out of reach', 'TargetUnreachable', 'False', 'True', ['Warning SomeReason']],
    ['when they are, as soon as it is known', 'TargetUnreachable', 'Unknown', 'True', ['Warning SomeReason']],
    ['when they are in reach again', 'TargetUnreachable', 'True', 'False', ['Normal SomeReason']],
    ['not when a person stops the scaling', 'ScalingActive', 'True', 'False', []],
    ['nor when that ends', 'ScalingActive', 'False', 'True', []],
  ])('%s', (_what, type, before, after, expected) => {
    expect(reasons(before && withCondition(type, before), withCondition(type, after))).toEqual(expected);
  });
});

test('engines that do not come are told, and their coming', () => {
  const stuck = withCondition('ScalingActive', 'False', 'NotScaling');
  const well = withCondition('ScalingActive', 'True', 'SizedByOperator');
  expect(reasons(well, stuck)).toEqual(['Warning NotScaling']);
  expect(reasons(undefined, stuck)).toEqual(['Warning NotScaling']);
  expect(reasons(stuck, well)).toEqual(['Normal SizedByOperator']);
});

describe('a change of size is told once', () => {
  test('when it is new in the history, with its direction and its reason', () => {
    const before = withHistory(['2026-03-01T03:00:00.000Z', 1, 2]);
    const after = withHistory(['2026-03-01T03:00:00.000Z', 1, 2], ['2026-03-01T03:01:00.000Z', 2, 1]);
    expect(reasons(undefined, before)).toEqual(['Normal ScaledUp']);
    expect(reasons(before, after)).toEqual(['Normal ScaledDown']);
    expect(reasons(after, after)).toEqual([]);
  });

  test('with the numbers and the cause', () => {
    const [event] = transitionEvents(fleet(), undefined, withHistory([AT, 1, 2]));
    expect(event?.note).toBe('1 → 2: KVCache asks for it');
    expect(event?.regarding).toMatchObject({ kind: 'VLLMDeployment', name: fleet().metadata.name });
  });
});
