import { expect, test } from 'vitest';
import { microTime, parseMicroTime } from './micro-time.ts';

test('a micro time has six digits of a second (javascript #828)', () => {
  expect(microTime(Date.UTC(2026, 7, 21, 10, 20, 30, 45))).toBe('2026-08-21T10:20:30.045000Z');
});

test.each([
  { text: '2026-08-21T10:20:30.045678Z', epochMs: Date.UTC(2026, 7, 21, 10, 20, 30, 45) },
  { text: 'never', epochMs: undefined },
  { text: undefined, epochMs: undefined },
])('$text is read as $epochMs', ({ text, epochMs }) => {
  expect(parseMicroTime(text)).toBe(epochMs);
});
