import { describe, expect, test } from 'vitest';
import { claimOn } from '../../../test/builders/claims.ts';
import { ready } from '../../../test/builders/engines.ts';
import { fleet } from '../../../test/builders/fleets.ts';
import { ANNOTATIONS, LABELS } from '../../api/v1alpha1/constants.ts';
import { drainingPatch, putBackPatch, suspectPatch } from './pod-patches.ts';

const engine = ready('a');
const claim = claimOn(engine, { command: 'Isolate', cause: 'Suspected' });
const routed = fleet({
  drain: {
    labels: [
      { key: 'route', value: 'on' },
      { key: 'pool', value: 'chat', drainedValue: 'spare' },
      { key: 'tier', value: 'gold' },
    ],
  },
});
const labels = { route: 'on', pool: 'chat', tier: 'silver' };

describe('an engine that is suspected', () => {
  const { metadata } = suspectPatch(routed, engine, labels, claim);

  test("leaves the Service and the user's router, and says by which claim and what to put back", () => {
    expect(metadata).toEqual({
      labels: { [LABELS.serving]: 'suspect', route: null, pool: 'spare' },
      annotations: {
        [ANNOTATIONS.claim]: claim.claimedAt,
        [ANNOTATIONS.drainedLabels]: JSON.stringify({ route: 'on', pool: 'chat' }),
      },
    });
  });

  test('is none that its ReplicaSet should rather remove', () => {
    expect(metadata.annotations).not.toHaveProperty([ANNOTATIONS.podDeletionCost]);
    expect(drainingPatch(routed, engine, labels, claim).metadata.annotations).toHaveProperty([
      ANNOTATIONS.podDeletionCost,
    ]);
  });

  test('keeps what an earlier mark took off: its labels are not theirs any more', () => {
    const marked = { ...engine, drainedLabels: { route: 'on', pool: 'chat' } };
    const again = suspectPatch(routed, marked, { tier: 'silver', pool: 'spare' }, claim);
    expect(again.metadata.annotations?.[ANNOTATIONS.drainedLabels]).toBe('{"route":"on","pool":"chat"}');
  });

  test('comes back with all that was taken off', () => {
    const drainedLabels = { route: 'on', pool: 'chat' };
    expect(putBackPatch({ ...engine, drainedLabels }, claim).metadata).toEqual({
      labels: { ...drainedLabels, [LABELS.serving]: 'true' },
      annotations: {
        [ANNOTATIONS.podDeletionCost]: null,
        [ANNOTATIONS.drainedLabels]: null,
        [ANNOTATIONS.claim]: `released ${claim.claimedAt}`,
      },
    });
  });
});

test('without a router there is nothing to remember', () => {
  expect(suspectPatch(fleet(), engine, labels, claim).metadata).toEqual({
    labels: { [LABELS.serving]: 'suspect' },
    annotations: { [ANNOTATIONS.claim]: claim.claimedAt },
  });
});
