import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ManualClock } from '../../runtime/manual-clock.ts';
import type { RequestRecord } from '../plan/request-record.ts';
import { FakeEngine, sendStream, token, usage } from './fake-engine.ts';
import { runLoad, type LoadOptions, type LoadRun } from './run-load.ts';

const scheduleAt = (...times: readonly number[]): LoadOptions['schedule'] => ({
  requests: times.map((atMs, id) => ({ id, atMs, promptTokens: 20, outputTokens: 2 })),
  durationMs: times.at(-1) ?? 0,
});

function run(engine: FakeEngine, options: Partial<LoadOptions>): Promise<LoadRun> {
  return runLoad({
    schedule: scheduleAt(0),
    model: 'chat',
    pickTarget: () => engine.target,
    clock: new ManualClock(),
    signal: new AbortController().signal,
    requestTimeoutMs: 1000,
    seed: 1,
    ...options,
  });
}

const answer = (response: ServerResponse): void =>
  sendStream(response, token('a'), token('b', 'length'), usage(20, 2));

const reasons = (records: readonly RequestRecord[]): readonly string[] =>
  records.map(({ outcome }) => (outcome.ok ? 'Completed' : outcome.reason));

/** Lets time pass in steps, and the network work between them, until `done` is. */
async function advanceUntil(clock: ManualClock, stepMs: number, done: Promise<unknown>): Promise<void> {
  let finished = false;
  void done.finally(() => (finished = true));
  while (!finished) {
    await clock.advance(stepMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a request asks for exactly the tokens of the schedule and its answer becomes the record', async () => {
  const bodies: unknown[] = [];
  await using engine = await FakeEngine.start((response, body, request) => {
    bodies.push({ body, key: request.headers.authorization });
    answer(response);
  });
  const { records } = await run(engine, { headers: { authorization: 'Bearer k' } });
  expect(bodies).toEqual([
    {
      key: 'Bearer k',
      body: {
        model: 'chat',
        prompt: expect.toSatisfy((prompt) => z.array(z.int().max(999)).length(20).safeParse(prompt).success),
        max_tokens: 2,
        ignore_eos: true,
        stream: true,
        stream_options: { include_usage: true },
      },
    },
  ]);
  expect(records).toEqual([
    {
      id: 0,
      atMs: 0,
      promptTokens: 20,
      outputTokens: 2,
      target: 'fake',
      sentMs: 0,
      firstTokenMs: 0,
      lastTokenMs: 0,
      endMs: 0,
      httpStatus: 200,
      chunks: 2,
      usage: { promptTokens: 20, completionTokens: 2 },
      outcome: { ok: true, finishReason: 'length' },
    },
  ]);
});

describe('the loop is open', () => {
  test('an engine that answers nobody until all have come gets all of them', async () => {
    const waiting: ServerResponse[] = [];
    await using engine = await FakeEngine.start((response) => {
      waiting.push(response);
      if (waiting.length === 30) waiting.forEach(answer);
    });
    const { records } = await run(engine, { schedule: scheduleAt(...Array.from({ length: 30 }, () => 0)) });
    expect(reasons(records)).toEqual(Array.from({ length: 30 }, () => 'Completed'));
    expect(records.map((record) => record.id)).toEqual(Array.from({ length: 30 }, (_, id) => id));
  });

  test('each request is sent at its own time', async () => {
    await using engine = await FakeEngine.start(answer);
    const clock = new ManualClock();
    const done = run(engine, { schedule: scheduleAt(0, 250, 700), clock });
    await advanceUntil(clock, 50, done);
    expect((await done).records.map((record) => record.sentMs)).toEqual([0, 250, 700]);
  });

  test('every record is told of as soon as it is final', async () => {
    await using engine = await FakeEngine.start(answer);
    const seen: number[] = [];
    await run(engine, { schedule: scheduleAt(0, 0), onRecord: (record) => seen.push(record.id) });
    expect(new Set(seen)).toEqual(new Set([0, 1]));
  });
});

describe('a limit of requests under way', () => {
  test('is kept, and what waits for it is sent late and says so', async () => {
    let inFlight = 0;
    let most = 0;
    await using engine = await FakeEngine.start((response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      clock.after(100, () => {
        inFlight -= 1;
        answer(response);
      });
    });
    const clock = new ManualClock();
    const done = run(engine, { schedule: scheduleAt(0, 0, 0, 0), maxInFlight: 2, clock });
    await advanceUntil(clock, 10, done);
    const { records } = await done;
    expect(most).toBe(2);
    expect(reasons(records)).toEqual(['Completed', 'Completed', 'Completed', 'Completed']);
    expect(records.slice(0, 2).map((record) => record.sentMs)).toEqual([0, 0]);
    expect(records.slice(2).every(({ sentMs = 0 }) => sentMs >= 100)).toBe(true);
  });

  test('a request that waited longer than the time-out is a failure of the client, not left out', async () => {
    await using engine = await FakeEngine.start(() => {});
    const clock = new ManualClock();
    const done = run(engine, { schedule: scheduleAt(0, 0, 0), maxInFlight: 1, clock });
    await advanceUntil(clock, 100, done);
    const { records } = await done;
    expect(reasons(records)).toEqual(['TimedOut', 'TimedOut', 'ClientOverrun']);
    expect(records[2]).toMatchObject({
      sentMs: undefined,
      outcome: { message: 'no slot of 1 was free for 2000 ms' },
    });
  });

  test('of less than one is refused', async () => {
    await using engine = await FakeEngine.start(answer);
    await expect(run(engine, { maxInFlight: 0 })).rejects.toThrow('maxInFlight is 0; give 1 or more');
  });
});

describe('stopping', () => {
  test('cuts what is under way, sends no more and leaves a record for each request', async () => {
    const stop = new AbortController();
    const closed: Promise<unknown>[] = [];
    await using engine = await FakeEngine.start((response) => {
      closed.push(once(response, 'close'));
      stop.abort();
    });
    const clock = new ManualClock();
    const { records } = await run(engine, { schedule: scheduleAt(0, 10, 20), signal: stop.signal, clock });
    expect(reasons(records)).toEqual(['Cancelled', 'Cancelled', 'Cancelled']);
    expect(records.map((record) => record.sentMs)).toEqual([0, undefined, undefined]);
    expect(clock.pendingTimers).toBe(0);
    await Promise.all(closed);
  });

  test('before the start sends nothing', async () => {
    await using engine = await FakeEngine.start(answer);
    const { records } = await run(engine, { signal: AbortSignal.abort() });
    expect({ reasons: reasons(records), connections: engine.connections }).toEqual({
      reasons: ['Cancelled'],
      connections: 0,
    });
  });
});
