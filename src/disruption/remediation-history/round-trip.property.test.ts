import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GIB, MIB, START_MS, wavering } from '../../../test/builders/leaking-engine.ts';
import {
  engineAt,
  everyFourMinutes,
  WATCH_SETTINGS,
  watchOver,
} from '../../../test/builders/watched-fleet.ts';
import type { LeakWatch, Watched } from '../../rules/leaks/watch.ts';
import { NO_TRAFFIC } from '../../rules/leaks/traffic-by-hour.ts';
import { decodeHistory } from './decode.ts';
import { encodeHistory } from './encode.ts';

/** The watch of the next leader. */
function handedOver(watch: LeakWatch, atMinute: number): LeakWatch {
  const nowMs = START_MS + atMinute * 60_000;
  const text = encodeHistory({ watch, traffic: NO_TRAFFIC, restarts: [], bookings: [] }, nowMs);
  const decoded = decodeHistory(text, nowMs);
  if (decoded.kind === 'Corrupt') throw new Error(decoded.message);
  return decoded.history.watch;
}

/** Minutes to the limit of each engine of which a leak is told. */
const told = ({ verdicts }: Watched, atMinute: number): ReadonlyMap<string, number> =>
  new Map(
    verdicts.map(({ engine, limit }) => [engine, ((limit?.expectedMs ?? 0) - START_MS) / 60_000 - atMinute]),
  );

test('the next leader says of each engine what the one before would have said, half an hour later at most', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 90, max: 480 }),
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 2 }),
      (minutes, rates) => {
        const fleet = (minute: number) =>
          rates.map((rate, i) => engineAt(`e${i}`, minute, 6 * GIB + rate * MIB * minute + wavering(minute)));
        const { watch } = watchOver(everyFourMinutes(0, minutes), fleet);
        const after = (before: LeakWatch, more: number) =>
          told(
            watchOver(everyFourMinutes(minutes, minutes + more), fleet, WATCH_SETTINGS, before),
            minutes + more,
          );
        const next = handedOver(watch, minutes);
        const [same, soon, sameLater, later] = [
          after(watch, 8),
          after(next, 8),
          after(watch, 40),
          after(next, 40),
        ];
        expect([...same.keys()].filter((engine) => !later.has(engine))).toEqual([]);
        expect([...soon.keys()].filter((engine) => !sameLater.has(engine))).toEqual([]);
        const ratios = [...soon].flatMap(([engine, left]) => left / (same.get(engine) ?? left));
        expect(ratios.filter((ratio) => !(ratio > 0.95 && ratio < 1.05))).toEqual([]);
      },
    ),
    { numRuns: 4 },
  );
});

test('the next leader that comes after hours reads nothing into the time that nobody watched', () => {
  const step = (minute: number) => [engineAt('a', minute, (minute < 300 ? 6 : 13) * GIB + MIB * minute)];
  const { watch } = watchOver(everyFourMinutes(0, 300), step);
  const late = handedOver(watch, 300);
  for (const minutes of [40, 90, 200])
    expect(watchOver(everyFourMinutes(600, 600 + minutes), step, WATCH_SETTINGS, late).verdicts).toEqual([]);
});
