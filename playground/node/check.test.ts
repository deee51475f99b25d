import { expect, test } from 'vitest';
import { toLoopback } from './check.ts';

const address = { port: 31_234, containerPorts: [8000], podIP: '198.18.0.7' };

test.each([
  ['http://127.0.0.1:8000/metrics', 'http://127.0.0.1:31234/metrics'],
  ['curl -s localhost:8000 || curl 198.18.0.7:8000', 'curl -s 127.0.0.1:31234 || curl 127.0.0.1:31234'],
  ['198.18.0.70:8000 mylocalhost:8000 localhost:80000', '198.18.0.70:8000 mylocalhost:8000 localhost:80000'],
])('a command of the pod, %s, runs here as %s', (word, expected) => {
  expect(toLoopback(word, address)).toBe(expected);
});
