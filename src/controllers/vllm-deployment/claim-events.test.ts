import { describe, expect, test } from 'vitest';
import { claimOn, claiming } from '../../../test/builders/claims.ts';
import { fleetDecision, sizeDecision } from '../../../test/builders/decisions.ts';
import { ready } from '../../../test/builders/engines.ts';
import { fleetSnapshot } from '../../../test/builders/fleets.ts';
import type { Disruption } from '../../api/v1alpha1/status.ts';
import type { EndedClaim } from '../../fleet/plan-disruptions.ts';
import { claimEvents } from './claim-events.ts';

const engine = ready('a');
const isolate = claimOn(engine, { command: 'Isolate', cause: 'Suspected', signature: 'Wedged' });
const dead = { ...isolate, command: 'Replace', cause: 'Dead', strategy: 'DrainFirst' } as const;

interface Writing {
  readonly before?: readonly Disruption[];
  readonly claims?: readonly Disruption[];
  readonly begun?: readonly Disruption[];
  readonly ended?: readonly EndedClaim[];
}

function told({ before = [], claims = [], begun = [], ended = [] }: Writing): readonly string[] {
  const snapshot = fleetSnapshot([engine], { fleet: claiming(...before) });
  const decision = fleetDecision(snapshot, sizeDecision(1, 1));
  const action = { kind: 'WriteClaims', claims, begun, ended, outcomes: [] } as const;
  return claimEvents(snapshot.fleet, action, decision).map(
    ({ type, reason, action: did, note }) => `${type} ${reason} (${did}): ${note}`,
  );
}

test('an engine that is isolated', () => {
  expect(told({ claims: [isolate], begun: [isolate] })).toEqual([
    'Warning EngineIsolated (Isolate): a gets no requests: it may be Wedged',
  ]);
});

describe('the proof is told once', () => {
  const claimed = ['Normal EngineClaimed (Replace): a is to leave: it shows Wedged'];

  test('of an engine that was isolated', () => {
    expect(told({ before: [isolate], claims: [dead] })).toEqual(claimed);
    expect(told({ before: [dead], claims: [{ ...dead, step: 'Removing' }] })).toEqual([]);
  });

  test('of one that is replaced for another cause', () => {
    expect(told({ before: [{ ...dead, cause: 'Leak' }], claims: [dead] })).toEqual(claimed);
  });

  test('of one that was not claimed', () => {
    expect(told({ claims: [dead], begun: [dead] })).toEqual(claimed);
  });
});

test('a suspicion that was not borne out', () => {
  const ended = [{ claim: isolate, outcome: 'Cleared', message: 'it is well' }] as const;
  expect(told({ before: [isolate], ended })).toEqual([
    'Normal SuspicionCleared (Isolate): a stays: it is well',
  ]);
});

test('an event is about the fleet and its engine', () => {
  const snapshot = fleetSnapshot([engine]);
  const decision = fleetDecision(snapshot, sizeDecision(1, 1));
  const action = {
    kind: 'WriteClaims',
    claims: [isolate],
    begun: [isolate],
    ended: [],
    outcomes: [],
  } as const;
  expect(claimEvents(snapshot.fleet, action, decision)).toMatchObject([
    { regarding: { name: 'chat' }, related: { kind: 'Pod', name: 'a', uid: 'uid-a' } },
  ]);
});
