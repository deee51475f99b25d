import { expect, test } from 'vitest';
import { openWindows, quietestHour, troughs, windowAt, type Slot, type TrafficByHour } from './slots.ts';

const at = (text: string): number => Date.parse(`2026-${text}Z`);
const texts = (slots: readonly Slot[]) =>
  slots.map(({ fromMs, toMs }) => [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(5, 16)));
const nightly = (hour: number, durationMinutes: number, timeZone = 'Etc/UTC') => ({
  cron: `0 ${hour} * * *`,
  timeZone,
  durationMinutes,
});

test('a window that is open begins now, and others as they open, the earliest first', () => {
  const windows = [nightly(22, 120), nightly(3, 60)];
  expect(texts(openWindows(windows, at('03-02T23:30:00'), at('03-04T01:00:00')))).toEqual([
    ['03-02T23:30', '03-03T00:00'],
    ['03-03T03:00', '03-03T04:00'],
    ['03-03T22:00', '03-04T00:00'],
  ]);
});

test('a window keeps its time of day when the clocks change', () => {
  const windows = [nightly(3, 60, 'Europe/Berlin')];
  const opened = texts(openWindows(windows, at('03-28T00:00:00'), at('03-31T00:00:00')));
  expect(opened.map(([from]) => from)).toEqual(['03-28T02:00', '03-29T01:00', '03-30T01:00']);
});

test('a window that opens each minute, and one that cannot be read, cost no more than others', () => {
  const often = { cron: '* * * * *', timeZone: 'Etc/UTC', durationMinutes: 5 };
  const broken = { cron: 'at night', timeZone: 'Etc/UTC', durationMinutes: 5 };
  expect(openWindows([often, broken], at('03-02T00:00:00'), at('12-31T00:00:00'))).toHaveLength(64);
});

test('an instant is in a window up to its end', () => {
  const windows = [nightly(3, 60)];
  expect(windowAt(windows, at('03-02T03:59:59'))).toBe(windows[0]);
  expect(windowAt(windows, at('03-02T04:00:00'))).toBeUndefined();
});

test('a trough is known from a whole day only', () => {
  const day: TrafficByHour = Array.from({ length: 24 }, (_, hour) => Math.abs(hour - 4));
  const span = [at('03-02T04:30:00'), at('03-04T00:00:00')] as const;
  expect(texts(troughs(day, ...span))).toEqual([
    ['03-02T04:30', '03-02T05:00'],
    ['03-03T04:00', '03-03T05:00'],
  ]);
  expect(troughs(day.with(7, undefined), ...span)).toEqual([]);
});

test('the quietest hour in reach is one that is known', () => {
  const traffic = Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 5 : hour === 14 ? undefined : 50));
  const quietest = (until: string) => quietestHour(traffic, at('03-02T10:00:00'), at(until));
  expect(texts([quietest('03-02T18:00:00')].flatMap((slot) => slot ?? []))).toEqual([
    ['03-02T12:00', '03-02T13:00'],
  ]);
  expect(
    quietestHour(Array.from({ length: 24 }), at('03-02T10:00:00'), at('03-02T18:00:00')),
  ).toBeUndefined();
});
