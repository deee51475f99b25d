import { describe, expect, test } from 'vitest';
import { claimOn, claiming } from '../../test/builders/claims.ts';
import { ready, secondsAgo } from '../../test/builders/engines.ts';
import { fleetSnapshot } from '../../test/builders/fleets.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import { NO_LEAK_WATCH } from '../rules/leaks/watch.ts';
import { rememberRestarts } from './remember-restarts.ts';

const engine = ready('a');
const removing: Partial<Disruption> = {
  command: 'Replace',
  cause: 'Dead',
  signature: 'Wedged',
  step: 'Removing',
};

function remembered(claim: Partial<Disruption>, before: Parameters<typeof rememberRestarts>[0] = []) {
  const snapshot = fleetSnapshot([engine, ready('b')], { fleet: claiming(claimOn(engine, claim)) });
  return rememberRestarts(before, snapshot, NO_LEAK_WATCH);
}

test('an engine that is about to be deleted for a signature is remembered, and what ran in it', () => {
  expect(remembered(removing)).toEqual([
    {
      atMs: secondsAgo(60),
      engine: 'a',
      uid: 'uid-a',
      revision: 'aaa',
      signature: 'Wedged',
      image: 'vllm/vllm-openai:v0.30.0',
      version: '0.30.0',
      outcome: 'Pending',
    },
  ]);
});

test('once, however many passes its removal takes', () => {
  const first = remembered(removing);
  expect(remembered(removing, first)).toEqual(first);
});

describe('nothing is remembered', () => {
  test.each<[what: string, claim: Partial<Disruption>]>([
    ['while it can be taken back', { ...removing, step: 'Draining' }],
    ['of an engine that a person asked for', { ...removing, cause: 'Requested' }],
    ['of a restart of all', { ...removing, cause: 'Restart' }],
    ['of a smaller size', { command: 'Shrink', cause: 'ScaleDown', step: 'Removing', toReplicas: 1 }],
  ])('%s', (_what, claim) => {
    expect(remembered(claim)).toEqual([]);
  });
});
