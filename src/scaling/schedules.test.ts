import { describe, expect, test } from 'vitest';
import { readyEngines } from '../../test/builders/engines.ts';
import { scalingInput } from '../../test/builders/scaling.ts';
import { decideSize, freshMemory } from './decide-size.ts';
import { scheduleAt, scheduleConflict } from './schedules.ts';
import type { ScalingSchedule, SizeDecision } from './types.ts';

const BERLIN = 'Europe/Berlin';
const DAY: ScalingSchedule = { cron: '0 8 * * 1-5', timeZone: BERLIN, minReplicas: 3, maxReplicas: 20 };
const NIGHT: ScalingSchedule = { cron: '0 20 * * *', timeZone: BERLIN, maxReplicas: 2 };
const OFFICE = [DAY, NIGHT];

describe('the schedule in force', () => {
  test.each<[what: string, at: string, schedule: ScalingSchedule, since: string, next: string]>([
    ['by day', '2026-03-02T10:00Z', DAY, '2026-03-02T07:00Z', '2026-03-02T19:00Z'],
    ['from its very minute', '2026-03-02T19:00Z', NIGHT, '2026-03-02T19:00Z', '2026-03-03T07:00Z'],
    ['up to the other’s', '2026-03-03T06:59Z', NIGHT, '2026-03-02T19:00Z', '2026-03-03T07:00Z'],
    ['renewed at the weekend', '2026-03-07T23:00Z', NIGHT, '2026-03-07T19:00Z', '2026-03-08T19:00Z'],
    ['in summer time', '2026-03-30T12:00Z', DAY, '2026-03-30T06:00Z', '2026-03-30T18:00Z'],
    ['in winter time', '2026-10-26T12:00Z', DAY, '2026-10-26T07:00Z', '2026-10-26T19:00Z'],
  ])('%s', (_, at, schedule, since, next) => {
    expect(scheduleAt(OFFICE, Date.parse(at))).toMatchObject({
      schedule,
      sinceMs: Date.parse(since),
      next: { atMs: Date.parse(next) },
    });
  });

  test('is followed by the one that fires next, be it the same', () => {
    expect(scheduleAt(OFFICE, Date.parse('2026-03-02T10:00Z'))?.next?.schedule).toBe(NIGHT);
    expect(scheduleAt([DAY], Date.parse('2026-03-02T10:00Z'))?.next?.schedule).toBe(DAY);
  });

  test('holds for as long as no other takes over, a year too', () => {
    const yearly = { ...NIGHT, cron: '0 0 24 12 *' };
    expect(scheduleAt([yearly], Date.parse('2026-12-01T00:00Z'))?.sinceMs).toBe(
      Date.parse('2025-12-23T23:00Z'),
    );
  });

  test('is the later in the list of two at the same minute', () => {
    const other = { ...DAY, minReplicas: 5 };
    const at = Date.parse('2026-03-02T10:00Z');
    expect(scheduleAt([DAY, other], at)?.schedule).toBe(other);
    expect(scheduleAt([other, DAY], at)?.schedule).toBe(DAY);
    expect(scheduleAt([DAY, other], at)?.next?.schedule).toBe(other);
  });

  test('is never one that cannot be parsed', () => {
    const at = Date.parse('2026-03-02T10:00Z');
    expect(scheduleAt([{ ...NIGHT, timeZone: 'Mars/Olympus' }, DAY], at)?.schedule).toBe(DAY);
    expect(scheduleAt([], at)).toBeUndefined();
  });
});

test('the first schedule that can never fire is told with its place', () => {
  expect(scheduleConflict(OFFICE)).toBeUndefined();
  expect(scheduleConflict([DAY, { ...NIGHT, timeZone: 'Europe/Belrin' }, { ...DAY, cron: 'x' }])).toBe(
    'spec.scaling.schedules[1].timeZone: "Europe/Belrin" is no time zone of the IANA database; write a name such as Europe/Berlin or Etc/UTC',
  );
  expect(scheduleConflict([{ ...DAY, cron: '0 8 31 2 *' }])).toMatch(
    /^spec\.scaling\.schedules\[0\]\.cron: "0 8 31 2 \*" is no cron schedule \(no date matches\); write /,
  );
});

describe('the decision names the schedule', () => {
  const decide = (count: number, at: string): SizeDecision => {
    const nowMs = Date.parse(at);
    const input = scalingInput(readyEngines(count), { minReplicas: 2, maxReplicas: 8, schedules: OFFICE });
    return decideSize(input, freshMemory(nowMs), nowMs).decision;
  };

  test('when it lifts the fleet', () => {
    expect(decide(2, '2026-03-02T07:00Z')).toMatchObject({
      desired: 3,
      reason: 'TooFewReplicas',
      message: `2 is below schedule "0 8 * * 1-5" Europe/Berlin of 3`,
    });
  });

  test('when it cuts the fleet', () => {
    expect(decide(5, '2026-03-02T19:00Z')).toMatchObject({
      desired: 2,
      reason: 'TooManyReplicas',
      message: `5 is above schedule "0 20 * * *" Europe/Berlin of 2`,
    });
  });

  test('when it holds the size, and says which ends it and when', () => {
    const { wouldChange } = decide(2, '2026-03-02T20:00Z');
    expect(wouldChange).toBe(
      'cannot grow: schedule "0 20 * * *" Europe/Berlin is 2; cannot shrink: minReplicas is 2; ' +
        'schedule "0 8 * * 1-5" Europe/Berlin takes over at 2026-03-03T07:00:00.000Z',
    );
  });

  test('but not itself as what ends it', () => {
    expect(decide(2, '2026-03-07T20:00Z').wouldChange).not.toContain('takes over');
  });
});
