import { expect, test } from 'vitest';
import { fleet, SCALING } from '../../../test/builders/fleets.ts';
import { buildReplicaSet } from '../../workload/replica-set.ts';
import { whyStalled } from './stalled.ts';

const scheduled = (timeZone: string): object => ({
  scaling: { ...SCALING, schedules: [{ cron: '0 8 * * *', timeZone, minReplicas: 2 }] },
});

test.each<[what: string, spec: object, stalled: object | undefined]>([
  ['not by a good spec', scheduled('Europe/Berlin'), undefined],
  ['not by a fleet of a fixed size', { replicas: 2, scaling: undefined }, undefined],
  [
    'by pods that cannot be built',
    { engine: {} },
    { reason: 'ImageMissing', message: expect.stringContaining('set engine.image or engine.version') },
  ],
  [
    'by a schedule that can never fire',
    scheduled('Europe/Belrin'),
    {
      reason: 'ScheduleInvalid',
      message: expect.stringContaining('spec.scaling.schedules[0].timeZone: "Europe/Belrin"'),
    },
  ],
])('a fleet is stalled %s', (_, spec, stalled) => {
  const one = fleet({ ...spec });
  expect(whyStalled(one, buildReplicaSet(one, 'aaaaaaaa', 1))).toEqual(stalled);
});
