import { expect, test } from 'vitest';
import { inSeconds, NOW } from '../../test/builders/engines.ts';
import { settings } from '../../test/builders/scaling.ts';
import { boundsAt, type Bounds } from './bounds.ts';
import type { ManualFloor, ScalingSchedule } from './types.ts';

const CRON = { cron: '0 8 * * *', timeZone: 'Etc/UTC' };
const BY_SCHEDULE = 'schedule "0 8 * * *" Etc/UTC';

type InWords = Pick<Bounds, 'lowest' | 'lowestBy' | 'highest' | 'highestBy'>;

const said = (lowest: number, lowestBy = 'minReplicas', highest = 8, highestBy = 'maxReplicas'): InWords => ({
  lowest,
  lowestBy,
  highest,
  highestBy,
});

const floorOf = (replicas: number): ManualFloor => ({ replicas, untilMs: inSeconds(1) });

interface Given {
  readonly floor?: ManualFloor;
  readonly schedule?: Partial<ScalingSchedule>;
}

type Case = readonly [what: string, given: Given, expected: InWords];

const cases: readonly Case[] = [
  ['without a floor minReplicas is the lowest', {}, said(2)],
  ['a floor raises the lowest while it holds', { floor: floorOf(5) }, said(5, 'manual floor')],
  ['a floor ends at its time', { floor: { replicas: 5, untilMs: NOW } }, said(2)],
  ['a floor of minReplicas changes nothing', { floor: floorOf(2) }, said(2)],
  ['kubectl scale to 0 does not undercut minReplicas', { floor: floorOf(0) }, said(2)],
  [
    'a floor does not lift maxReplicas',
    { floor: floorOf(50) },
    said(8, 'manual floor (50, capped by maxReplicas)'),
  ],
  [
    'a schedule sets both bounds',
    { schedule: { minReplicas: 1, maxReplicas: 20 } },
    said(1, BY_SCHEDULE, 20, BY_SCHEDULE),
  ],
  ['a maximum that it leaves out is maxReplicas', { schedule: { minReplicas: 4 } }, said(4, BY_SCHEDULE)],
  [
    'a minimum that it leaves out is minReplicas',
    { schedule: { maxReplicas: 20 } },
    said(2, 'minReplicas', 20, BY_SCHEDULE),
  ],
  [
    'a floor raises its minimum',
    { schedule: { minReplicas: 4 }, floor: floorOf(5) },
    said(5, 'manual floor'),
  ],
  [
    'a floor below its minimum changes nothing',
    { schedule: { minReplicas: 6 }, floor: floorOf(5) },
    said(6, BY_SCHEDULE),
  ],
  [
    'a floor does not lift its maximum',
    { schedule: { maxReplicas: 3 }, floor: floorOf(5) },
    said(3, `manual floor (5, capped by ${BY_SCHEDULE})`, 3, BY_SCHEDULE),
  ],
  [
    'its minimum does not lift maxReplicas',
    { schedule: { minReplicas: 10 } },
    said(8, `${BY_SCHEDULE} (10, capped by maxReplicas)`),
  ],
  [
    'minReplicas does not lift its maximum',
    { schedule: { maxReplicas: 1 } },
    said(1, `minReplicas (2, capped by ${BY_SCHEDULE})`, 1, BY_SCHEDULE),
  ],
];

test.each(cases)('%s', (_what, { floor, schedule }, expected) => {
  const schedules = schedule === undefined ? [] : [{ ...CRON, ...schedule }];
  const asked = settings({ minReplicas: 2, maxReplicas: 8, schedules });
  expect(boundsAt(asked, floor, NOW)).toMatchObject(expected);
});
