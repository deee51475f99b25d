import { expect, test } from 'vitest';
import type { RequestOutcome, RequestRecord } from '../../src/loadtest/plan/request-record.ts';
import { streamOutcome } from './stream-outcome.ts';

function record(outcome: RequestOutcome, seen: Partial<RequestRecord> = {}): RequestRecord {
  const nothing = { target: 'chat-1', sentMs: 0, firstTokenMs: undefined, lastTokenMs: undefined };
  const size = { id: 0, atMs: 0, promptTokens: 1, outputTokens: 1 };
  return {
    ...size,
    ...nothing,
    endMs: 1,
    httpStatus: undefined,
    chunks: 0,
    usage: undefined,
    outcome,
    ...seen,
  };
}

const failed = (reason: Extract<RequestOutcome, { ok: false }>['reason']): RequestOutcome => ({
  ok: false,
  reason,
  message: '',
});

const STARTED = { httpStatus: 200, firstTokenMs: 5 };

test.each([
  ['a stream with its end', record({ ok: true, finishReason: 'length' }, STARTED), 'Ok'],
  ['a stream that the engine gave up', record({ ok: true, finishReason: 'abort' }, STARTED), 'Cut'],
  ['[DONE] without a finish reason', record({ ok: true, finishReason: undefined }, STARTED), 'Cut'],
  ['a stream without [DONE]', record(failed('StreamCut'), STARTED), 'Cut'],
  ['an error inside a stream', record(failed('StreamError'), STARTED), 'Cut'],
  ['a connection lost in the middle of an answer', record(failed('ConnectionLost'), STARTED), 'Cut'],
  ['a connection lost before an answer', record(failed('ConnectionLost')), 'Failed'],
  ['a refused connection', record(failed('ConnectFailed')), 'Failed'],
  ['an HTTP error', record(failed('HttpError'), { httpStatus: 500 }), 'Failed'],
  ['no endpoint', record(failed('NoTarget')), 'Failed'],
  ['no end in time', record(failed('TimedOut'), STARTED), 'Hung'],
  ['what the client itself stopped', record(failed('Cancelled'), STARTED), 'Unfinished'],
] as const)('%s', (_what, seen, expected) => {
  expect(streamOutcome(seen)).toBe(expected);
});
