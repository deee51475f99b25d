import { describe, expect, test } from 'vitest';
import { parseVersion } from '../engine/version.ts';
import { engineVersion, versionOfImage } from './version.ts';

describe('the version that an image tells', () => {
  test.each([
    ['a release tag', 'vllm/vllm-openai:v0.30.0', '0.30.0'],
    ['a tag with a build suffix', 'vllm/vllm-openai:v0.17.1-cu129', '0.17.1'],
    ['a post-release', 'vllm/vllm-openai:v0.8.5.post2', '0.8.5'],
    ['a tag beside a digest', 'vllm/vllm-openai:v0.32.0@sha256:0123', '0.32.0'],
    ['a tag behind a registry with a port', 'registry.example.com:5000/vllm:v0.28.0', '0.28.0'],
  ])('%s', (_, image, version) => {
    expect(versionOfImage(image)).toEqual(parseVersion(version));
  });

  test.each([
    ['a digest', 'vllm/vllm-openai@sha256:0123456789'],
    ['no tag', 'vllm/vllm-openai'],
    ['a moving tag', 'vllm/vllm-openai:latest'],
    ['a tag of the owner', 'registry.example.com/vllm:1.4.0'],
    ['a tag of two numbers', 'vllm/vllm-openai:v0.30'],
    ['a registry with a port and no tag', 'registry.example.com:5000/vllm'],
  ])('is unknown for %s', (_, image) => {
    expect(versionOfImage(image)).toBeUndefined();
  });
});

test('engine.version wins over the tag', () => {
  expect(engineVersion({ image: 'vllm/vllm-openai:v0.30.0', version: '0.17.1' })).toEqual(
    parseVersion('0.17.1'),
  );
});
