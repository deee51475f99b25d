import { describe, expect, test } from 'vitest';
import { createLogger, type LogLevel } from './logger.ts';

function captured(level: LogLevel) {
  const lines: string[] = [];
  const log = createLogger(level, { write: (line) => void lines.push(line) });
  const last = (): unknown => JSON.parse(lines.at(-1) ?? 'null');
  return { log, lines, last };
}

test('a line is one JSON object with time, level by name, message and fields', () => {
  const { log, last } = captured('info');
  log.child({ controller: 'vllmdeployment' }).warn({ fleet: 'default/chat' }, 'no pages');
  expect(last()).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: 'warn',
    controller: 'vllmdeployment',
    fleet: 'default/chat',
    msg: 'no pages',
  });
});

test.each([
  ['debug', 4],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
] as const)('at level %s, %d of the four levels are written', (level, count) => {
  const { log, lines } = captured(level);
  log.debug({}, 'd');
  log.info({}, 'i');
  log.warn({}, 'w');
  log.error({}, 'e');
  expect(lines).toHaveLength(count);
});

test('an error keeps its stack', () => {
  const { log, last } = captured('info');
  log.error({ err: new RangeError('too far') }, 'failed');
  expect(last()).toMatchObject({
    err: { type: 'RangeError', message: 'too far', stack: expect.any(String) },
  });
});

describe('credentials are not written', () => {
  test.each([
    ['a token', { token: 's3cret' }],
    ['a header', { headers: { authorization: 'Bearer s3cret' } }],
    ['a header of a request', { request: { headers: { authorization: 'Bearer s3cret' } } }],
    ['an API key', { engine: { apiKey: 's3cret' } }],
    ['the data of a Secret', { object: { data: { key: 's3cret' } } }],
  ])('%s', (_what, fields) => {
    const { log, lines } = captured('debug');
    log.info(fields, 'x');
    log.child(fields).info({}, 'y');
    expect(lines.join('')).not.toContain('s3cret');
    expect(lines.join('')).toContain('[Redacted]');
  });
});
