import { expect, test } from 'vitest';
import { isEngineImage, vllmVersion } from './simulator-containers.ts';

test.each([
  ['vllm/vllm-openai:v0.30.0', true, '0.30.0'],
  ['docker.io/vllm/vllm-openai:v0.31.1-cu130', true, '0.31.1'],
  ['localhost:5000/vllm-warden/simulator:0.32.0', true, '0.32.0'],
  ['vllm-warden/simulator', true, '0.32.0'],
  ['vllm/vllm-openai@sha256:0123456789abcdef', true, '0.32.0'],
  ['localhost:5000/vllm-warden/simulator-tools:v0.1.0', false, '0.1.0'],
  ['nginx:1.29.0', false, '1.29.0'],
])('image %s: an engine %s, vLLM %s', (image, engine, version) => {
  expect(isEngineImage(image)).toBe(engine);
  expect(vllmVersion(image)).toBe(version);
});
