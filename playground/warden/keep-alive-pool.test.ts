import { expect, test } from 'vitest';
import { FakeEngine, sendStream, token } from '../../src/loadtest/client/fake-engine.ts';
import type { RequestRecord } from '../../src/loadtest/plan/request-record.ts';
import { eventually } from '../eventually.ts';
import { KeepAlivePool } from './keep-alive-pool.ts';

test('a connection is used for as long as the server keeps it, whatever it answers', async () => {
  const answers = ['stream', 'error', 'stream', 'last'];
  await using first = await FakeEngine.start((response) => {
    const answer = answers.shift();
    if (answer === 'last') response.shouldKeepAlive = false;
    if (answer === 'error') response.writeHead(500).end('{}');
    else sendStream(response, token('a', 'length'));
  });
  await using second = await FakeEngine.start((response) => sendStream(response, token('a', 'length')));
  const targets = [{ ...first.target, name: 'first' }];
  const records: RequestRecord[] = [];
  await using _pool = new KeepAlivePool({
    connections: 1,
    pickTarget: () => targets.shift() ?? { ...second.target, name: 'second' },
    model: 'm',
    promptTokens: 4,
    outputTokens: () => 1,
    pauseMs: 5,
    requestTimeoutMs: 5000,
    seed: 1,
    onRecord: (record) => records.push(record),
  });
  await eventually(() => expect(records.length).toBeGreaterThan(6));
  expect(records.slice(0, 6).map(({ target, outcome }) => [target, outcome.ok])).toEqual([
    ['first', true],
    ['first', false],
    ['first', true],
    ['first', true],
    ['second', true],
    ['second', true],
  ]);
  expect([first.connections, second.connections]).toEqual([1, 1]);
});

test('each connection of the pool is one of its own', async () => {
  await using engine = await FakeEngine.start((response) => sendStream(response, token('a', 'length')));
  const records: RequestRecord[] = [];
  await using _pool = new KeepAlivePool({
    connections: 3,
    pickTarget: () => engine.target,
    model: 'm',
    promptTokens: 4,
    outputTokens: () => 1,
    pauseMs: 5,
    requestTimeoutMs: 5000,
    seed: 1,
    onRecord: (record) => records.push(record),
  });
  await eventually(() => expect(records.length).toBeGreaterThan(8));
  expect(engine.connections).toBe(3);
});
