import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../runtime/manual-clock.ts';
import type { RequestRecord } from '../plan/request-record.ts';
import { FakeEngine, sendStream, token, type Answer } from './fake-engine.ts';
import { runLoad } from './run-load.ts';
import type { Target } from './target.ts';

async function recordOf(target: Target | undefined): Promise<RequestRecord | undefined> {
  const { records } = await runLoad({
    schedule: { requests: [{ id: 0, atMs: 0, promptTokens: 8, outputTokens: 2 }], durationMs: 0 },
    model: 'chat',
    pickTarget: () => target,
    clock: new ManualClock(),
    signal: new AbortController().signal,
    requestTimeoutMs: 1000,
    seed: 1,
  });
  return records[0];
}

describe('a failed request says how it failed', () => {
  const cases: readonly (readonly [what: string, answer: Answer, reason: string, message: string])[] = [
    [
      'an HTTP error',
      (response) => response.writeHead(503).end('{"error":{"message":"queue is full"}}'),
      'HttpError',
      'HTTP 503: {"error":{"message":"queue is full"}}',
    ],
    [
      'an endless HTTP error',
      (response) => {
        response.writeHead(500);
        const fill = (): unknown =>
          response.destroyed || response.write('x'.repeat(4096), () => setImmediate(fill));
        fill();
      },
      'HttpError',
      `HTTP 500: ${'x'.repeat(500)}`,
    ],
    ['a redirect', (response) => response.writeHead(302, { location: '/' }).end(), 'HttpError', 'HTTP 302'],
    [
      'no answer at all',
      (_response, _body, request) => request.socket.destroy(),
      'ConnectionLost',
      'socket hang up',
    ],
    [
      'a stream that breaks off',
      (response) => response.write(`data: ${JSON.stringify(token('a'))}\n\n`, () => response.destroy()),
      'ConnectionLost',
      'aborted',
    ],
    [
      'a stream without [DONE]',
      (response) => response.writeHead(200).end(`data: ${JSON.stringify(token('a', 'length'))}\n\n`),
      'StreamCut',
      'the stream ended without [DONE]',
    ],
    [
      'an error inside the stream',
      (response) => sendStream(response, token('a'), { error: { message: 'EngineCore died' } }),
      'StreamError',
      'EngineCore died',
    ],
    [
      'a page instead of a stream',
      (response) => response.writeHead(200).end('data: <html></html>\n\n'),
      'BadResponse',
      'the answer is no stream of completion chunks',
    ],
  ];
  test.each(cases)('%s', async (_what, answer, reason, message) => {
    await using engine = await FakeEngine.start(answer);
    expect(await recordOf(engine.target)).toMatchObject({
      target: 'fake',
      sentMs: 0,
      outcome: { ok: false, reason, message: expect.stringContaining(message) },
    });
  });

  test('no endpoint', async () => {
    expect(await recordOf(undefined)).toMatchObject({ target: undefined, outcome: { reason: 'NoTarget' } });
  });

  test('a port that nobody listens on', async () => {
    const engine = await FakeEngine.start(() => {});
    const { target } = engine;
    await engine[Symbol.asyncDispose]();
    expect(await recordOf(target)).toMatchObject({
      httpStatus: undefined,
      outcome: { reason: 'ConnectFailed', message: expect.stringContaining('ECONNREFUSED') },
    });
  });
});
