import { expect, test } from 'vitest';
import { fleet } from '../../test/builders/fleets.ts';
import { preStop } from './pre-stop.ts';

test('an engine that drains at SIGTERM only waits for its clients to notice', () => {
  expect(preStop(fleet({ engine: { version: '0.32.0' }, drain: { settleSeconds: 7 } }).spec)).toEqual({
    sleep: { seconds: 7 },
  });
});

test('nothing to wait for is no hook: a sleep of 0 s is refused by Kubernetes before 1.34', () => {
  expect(preStop(fleet({ engine: { version: '0.32.0' }, drain: { settleSeconds: 0 } }).spec)).toBeUndefined();
});

test.each([
  ['one without --shutdown-timeout', { version: '0.17.1' }],
  ['one that has the flag and was not seen to drain', { version: '0.30.0' }],
  ['one of unknown version', { image: 'vllm/vllm-openai:latest' }],
])('%s waits until its page shows no request', (_, engine) => {
  const handler = preStop(fleet({ engine: { ...engine, port: 9000 }, drain: { timeoutSeconds: 60 } }).spec);
  const command = handler !== undefined && 'exec' in handler ? handler.exec.command : [];
  expect(command.slice(0, 2)).toEqual(['python3', '-c']);
  expect(command.slice(3)).toEqual(['http://127.0.0.1:9000/metrics', '10', '60', '2']);
});
