import { describe, expect, test } from 'vitest';
import { claimOn, fleetWith, releasedFrom, stepInShort, viewOf } from '../../test/builders/claims.ts';
import { ready, secondsAgo, silent, terminating, unready } from '../../test/builders/engines.ts';
import { fleetSnapshot, replicaSet } from '../../test/builders/fleets.ts';
import { sickBy, suspectBy } from '../../test/builders/sick.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { nextIsolateStep } from './isolate-steps.ts';
import type { ClaimStep, DisruptionView } from './steps.ts';

const [a, b, c] = [ready('a'), ready('b'), ready('c')];
const claimed = claimOn(a, { command: 'Isolate', cause: 'Suspected', signature: 'Wedged' });
const isolated = { ...claimed, step: 'Isolated' } as const;
const marked = suspectBy(a, claimed);
const suspected = sickBy({ a: 'Suspected' });

interface Scene extends Partial<DisruptionView> {
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly cancel?: string;
  readonly held?: string;
}

/** The next step of the claim on `a` in a fleet that is to have three engines. */
function step(claim: Disruption, engines: readonly EngineSnapshot[], scene: Scene = {}): ClaimStep {
  const { rollout = {}, cancel, held, ...view } = scene;
  const snapshot = fleetSnapshot(engines, {
    fleet: fleetWith({ rollout }, [claim]),
    replicaSets: [replicaSet('aaa', 3)],
  });
  return nextIsolateStep(claim, viewOf(snapshot, { desired: 3, sick: suspected, ...view }), cancel, held);
}

const next = (...args: Parameters<typeof step>): string => stepInShort(step(...args));

describe('an engine that may be dead gets no requests', () => {
  test('it is marked, then the claim says so, then the proof is waited for', () => {
    expect(next(claimed, [a, b, c])).toBe('MarkSuspect a: it is taken out of the Service');
    expect(next(claimed, [marked, b, c])).toBe('to Isolated for 1800 s');
    expect(next(isolated, [marked, b, c])).toBe('Wait: it gets no requests until that is proved or over');
  });

  test('the mark is put on again when somebody took it off', () => {
    expect(next(isolated, [a, b, c])).toMatch(/^MarkSuspect/);
  });

  test('the mark of an earlier claim is not taken for its own', () => {
    expect(next(isolated, [{ ...marked, claim: 'another time' }, b, c])).toMatch(/^MarkSuspect/);
  });
});

describe('it serves again', () => {
  const back = releasedFrom(a, claimed);

  test('when the suspicion is over', () => {
    const cancel = 'nothing is seen';
    expect(next(isolated, [marked, b, c], { cancel })).toBe(`PutBack a: ${cancel}`);
    expect(next(isolated, [back, b, c], { cancel })).toBe(`Cleared: ${cancel}`);
    expect(next(claimed, [a, b, c], { cancel })).toBe(`PutBack a: ${cancel}`);
  });

  test('when nothing has proved the suspicion by the deadline', () => {
    const late = { ...isolated, deadline: new Date(secondsAgo(1)).toISOString() };
    const why = 'nothing has proved the suspicion in half an hour';
    expect(next(late, [marked, b, c])).toBe(`PutBack a: ${why}`);
    expect(next(late, [back, b, c])).toBe(`Cleared: ${why}`);
  });

  test('an engine that was put back for whatever reason is not marked by the same claim again', () => {
    expect(next(isolated, [back, b, c])).toBe('Cancelled: it serves again');
  });

  test.each([
    ['has left the Service', unready('c')],
    ['is silent', silent('c')],
    ['is on its way out', terminating('c')],
  ])('when another engine %s: fewer would serve than must', (_what, other) => {
    const few = '1 other engine serves and is read, 2 are needed';
    expect(next(isolated, [marked, b, other])).toBe(`PutBack a: ${few}`);
    expect(next(isolated, [back, b, other])).toBe(`Cancelled: ${few}`);
  });

  test('when another one may be dead too: who is suspected does not count', () => {
    expect(next(isolated, [marked, b, c], { sick: sickBy({ a: 'Suspected', b: 'Suspected' }) })).toMatch(
      /^PutBack a: 1 other/,
    );
    expect(next(isolated, [marked, b, c], { sick: sickBy({ a: 'Suspected', b: 'Dead' }) })).toMatch(
      /^PutBack a/,
    );
  });

  test('when another one leaves in this very pass', () => {
    expect(next(isolated, [marked, b, c], { markedNow: new Set([b.uid]) })).toMatch(/^PutBack a/);
  });
});

describe('the last engine is never isolated', () => {
  test.each([
    ['a fleet of one', {}],
    ['even where a roll-out may take it', { allowDowntime: true }],
  ])('%s', (_what, rollout) => {
    expect(next(claimed, [a], { desired: 1, rollout })).toBe(
      'PutBack a: 0 other engines serve and are read, 1 is needed',
    );
  });
});

describe('the proof', () => {
  test('makes a Replace of it that keeps its time, so that the mark goes on to be its own', () => {
    const update = step(isolated, [marked, b, c], { sick: sickBy({ a: 'Dead' }) });
    expect(update).toMatchObject({
      kind: 'Update',
      claim: {
        command: 'Replace',
        cause: 'Dead',
        signature: 'Wedged',
        strategy: 'DrainFirst',
        step: 'Claimed',
        claimedAt: isolated.claimedAt,
      },
    });
  });

  test('of something else that is to be replaced takes the strategy of the fleet', () => {
    const rollout = { strategy: 'SurgeFirst' };
    expect(step(isolated, [marked, b, c], { rollout, sick: sickBy({ a: 'Leak' }) })).toMatchObject({
      claim: { command: 'Replace', cause: 'Leak', signature: 'HostMemoryLeak', strategy: 'SurgeFirst' },
    });
  });

  test('comes before all that would put the engine back', () => {
    const sick = sickBy({ a: 'Dead' });
    expect(next(isolated, [marked, unready('b'), unready('c')], { sick })).toMatch(/^to Claimed/);
    expect(next(claimed, [a, b, c], { sick })).toMatch(/^to Claimed/);
  });

  test('waits out of the Service for the budget, past its deadline too', () => {
    const scene = { sick: sickBy({ a: 'Dead' }), held: 'another engine is replaced first' };
    const late = { ...isolated, deadline: new Date(secondsAgo(1)).toISOString() };
    expect(next(claimed, [a, b, c], scene)).toMatch(/^MarkSuspect a/);
    expect(next(late, [marked, b, c], scene)).toBe(
      'Wait: it gets no requests, another engine is replaced first',
    );
  });
});

test.each([[[b, c]], [[terminating('a'), b, c]]])('somebody else removes it: the claim ends', (engines) => {
  expect(next(isolated, engines)).toBe('Gone: somebody else removed it');
});
