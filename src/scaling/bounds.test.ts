import { expect, test } from 'vitest';
import { inSeconds, NOW } from '../../test/builders/engines.ts';
import { settings } from '../../test/builders/scaling.ts';
import { boundsAt } from './bounds.ts';
import type { ManualFloor } from './types.ts';

type Case = readonly [what: string, floor: ManualFloor | undefined, lowest: number, lowestBy: string];

const cases: readonly Case[] = [
  ['without a floor minReplicas is the lowest', undefined, 2, 'minReplicas'],
  ['a floor raises the lowest while it holds', { replicas: 5, untilMs: inSeconds(1) }, 5, 'manual floor'],
  ['a floor ends at its time', { replicas: 5, untilMs: NOW }, 2, 'minReplicas'],
  ['a floor of minReplicas changes nothing', { replicas: 2, untilMs: inSeconds(1) }, 2, 'minReplicas'],
  [
    'kubectl scale to 0 does not undercut minReplicas',
    { replicas: 0, untilMs: inSeconds(1) },
    2,
    'minReplicas',
  ],
  ['a floor does not lift maxReplicas', { replicas: 50, untilMs: inSeconds(1) }, 8, 'manual floor'],
];

test.each(cases)('%s', (_what, floor, lowest, lowestBy) => {
  expect(boundsAt(settings({ minReplicas: 2, maxReplicas: 8 }), floor, NOW)).toEqual({
    lowest,
    highest: 8,
    lowestBy,
  });
});
