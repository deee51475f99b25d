import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  asWardenError,
  classify,
  ERROR_CATALOGUE,
  StalledError,
  TransientError,
  WaitingError,
  WardenError,
} from '../src/errors.ts';

describe('the catalogue', () => {
  test('docs/errors.md documents exactly the codes of the catalogue, with their handling', () => {
    const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)`\s*\| (\w+)\s*\|/gm)].map(([, code, handling]) => [
      code,
      handling,
    ]);
    expect(Object.fromEntries(rows)).toEqual(ERROR_CATALOGUE);
    expect(rows).toHaveLength(Object.keys(ERROR_CATALOGUE).length);
  });
});

describe('classify', () => {
  test.each([
    {
      name: 'a stalled resource is told to the user and looked at again after five minutes',
      thrown: new StalledError('NameTaken', 'Service chat belongs to somebody else.', {
        remedy: 'Rename one.',
      }),
      expected: {
        handling: 'Stalled',
        code: 'Stalled',
        reason: 'NameTaken',
        message: 'Service chat belongs to somebody else. Rename one.',
        log: 'warn',
        requeueAfterMs: 300_000,
      },
    },
    {
      name: 'waiting keeps the time that the thrower asked for',
      thrown: new WaitingError('EngineStarting', 'engine chat-0 loads', 1500),
      expected: {
        handling: 'Waiting',
        code: 'Waiting',
        reason: 'EngineStarting',
        message: 'engine chat-0 loads',
        log: 'info',
        requeueAfterMs: 1500,
      },
    },
    {
      name: 'a transient failure leaves the time to the back-off',
      thrown: new TransientError('ProxyDown', 'connection refused'),
      expected: {
        handling: 'Transient',
        code: 'Transient',
        reason: 'ProxyDown',
        message: 'connection refused',
        log: 'warn',
      },
    },
    {
      name: 'a conflict is not worth a log line',
      thrown: new WardenError('ApiConflict', 'changed'),
      expected: {
        handling: 'Conflict',
        code: 'ApiConflict',
        reason: 'ApiConflict',
        message: 'changed',
        log: 'debug',
      },
    },
    {
      name: 'an unforeseen error is a bug',
      thrown: new TypeError('x is undefined'),
      expected: {
        handling: 'Bug',
        code: 'Unexpected',
        reason: 'Unexpected',
        message: 'x is undefined',
        log: 'error',
      },
    },
    {
      name: 'a thrown string is a bug that says so',
      thrown: 'boom',
      expected: {
        handling: 'Bug',
        code: 'Unexpected',
        reason: 'Unexpected',
        message: 'something that is not an Error was thrown: boom',
        log: 'error',
      },
    },
    {
      name: 'a cancelled wait is not a failure',
      thrown: new DOMException('stopped', 'AbortError'),
      expected: { handling: 'Aborted', code: 'Aborted', reason: 'Aborted', message: 'stopped', log: 'debug' },
    },
  ])('$name', ({ thrown, expected }) => {
    expect(classify(thrown)).toEqual(expected);
  });

  test('the original error stays reachable as the cause', () => {
    const original = new TypeError('x');
    expect(asWardenError(original).cause).toBe(original);
  });
});
