import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { START_MS } from '../../../test/builders/leaking-engine.ts';
import { HOUR } from '../../../test/builders/leaks.ts';
import { engineAt, everyFourMinutes, leakingBytes, watchOver } from '../../../test/builders/watched-fleet.ts';
import { NO_TRAFFIC } from '../../rules/leaks/traffic-by-hour.ts';
import { decodeHistory } from './decode.ts';
import { encodeHistory } from './encode.ts';

const NOW_MS = START_MS + 2 * HOUR;
const { watch } = watchOver(everyFourMinutes(0, 120), (minute) => [
  engineAt('a', minute, leakingBytes(minute)),
]);
const TEXT = encodeHistory({ watch, traffic: NO_TRAFFIC, restarts: [], bookings: [] }, NOW_MS);

const messageOf = (text: string, nowMs = NOW_MS): string | undefined => {
  const decoded = decodeHistory(text, nowMs);
  return decoded.kind === 'Corrupt' ? decoded.message : undefined;
};
const replaced = (pattern: RegExp, by: string): string => {
  expect(TEXT).toMatch(pattern);
  return TEXT.replace(pattern, by);
};

describe('what cannot be read is said, and is nothing', () => {
  test.each<readonly [string, string]>([
    ['no text', ''],
    ['no JSON', 'ok'],
    ['half of it', TEXT.slice(0, -200)],
    ['too much', `${TEXT}${' '.repeat(40_000)}`],
    ['another version', replaced(/"version":1/, '"version":2')],
    ['a list for an engine', replaced(/"engines":\[\{/, '"engines":[[],{')],
    ['a key nobody writes', replaced(/"restarts":0/, '"restarts":0,"admin":true')],
    ['a key of the prototype', replaced(/"restarts":0/, '"restarts":0,"__proto__":{"found":[]}')],
    ['null for a number', replaced(/"lowest":\d+|"minute":\d+/, '"minute":null')],
    ['a number beyond all bounds', replaced(/"startedAtMs":\d+/, '"startedAtMs":1e300')],
    ['a start in the future', replaced(/"startedAtMs":\d+/, `"startedAtMs":${NOW_MS + HOUR}`)],
    ['a sample of the future', replaced(/"minutes":\[\[\d+/, '"minutes":[[99999999')],
    ['samples that go back', replaced(/"minutes":\[\[(\d+),\d+/, '"minutes":[[$1,-50')],
    ['memory below nothing', replaced(/"minutes":\[\[([^\]]*)\],\[\d+/, '"minutes":[[$1],[-5')],
    ['more points than are kept', replaced(/"minutes":\[\[/, `"minutes":[[${'0,'.repeat(200)}`)],
  ])('%s', (_what, text) => {
    expect(messageOf(text)).toMatch(
      /^the history that was kept cannot be read \(version 1\): .+; everything is learned anew$/,
    );
  });

  test('what was written in the future, by more than clocks differ', () => {
    expect(messageOf(TEXT, NOW_MS - 60_000)).toBeUndefined();
    expect(messageOf(TEXT, NOW_MS - HOUR)).toContain('in the future');
  });
});

test('whatever is changed in the text, an answer comes, and what is read is sound', () => {
  fc.assert(
    fc.property(fc.nat(TEXT.length - 1), fc.string({ maxLength: 6 }), fc.nat(4), (at, by, length) => {
      const decoded = decodeHistory(TEXT.slice(0, at) + by + TEXT.slice(at + length), NOW_MS);
      const engines = decoded.kind === 'Corrupt' ? [] : [...decoded.history.watch.engines.values()];
      const points = engines.flatMap(({ tracks }) =>
        tracks.flatMap(({ history }) => [...history.minutes, ...history.fiveMinutes, ...history.halfHours]),
      );
      const figures = points.flatMap((point) => Object.values(point));
      expect(figures.every((figure) => typeof figure === 'number' && figure >= 0)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
