import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { isJsonObject } from '../../src/api/json.ts';
import { BAD_ENGINES } from './bad-resources/engine.ts';
import { BAD_PODS } from './bad-resources/pods.ts';
import { BAD_SCHEDULES } from './bad-resources/schedules.ts';
import { BAD_SIZES } from './bad-resources/sizes.ts';
import { applyCrds } from './crds.ts';

let pg: Playground;

beforeAll(async () => {
  pg = await startPlayground();
  await applyCrds(pg);
});

afterAll(async () => {
  await pg.stop();
});

const GOOD = `
apiVersion: vllm.warden.dev/v1alpha1
kind: VLLMDeployment
metadata: {name: chat}
spec:
  model: {name: Qwen/Qwen3-0.6B}
  engine: {image: "vllm/vllm-openai:v0.30.0"}
  scaling: {maxReplicas: 8}
`;

test.concurrent.each([...BAD_SIZES, ...BAD_SCHEDULES, ...BAD_ENGINES, ...BAD_PODS])(
  '%s is refused with a remedy',
  async (_, fragment, prints) => {
    const resource = JSON.stringify(merged(parse(GOOD), parse(fragment)));
    const { code, stderr } = await pg.kubectl(['create', '--dry-run=server', '-f', '-'], { stdin: resource });
    expect(stderr.trim()).toBe(prints);
    expect(code).toBe(1);
  },
);

test('the resource that the bad ones are made of is accepted', async () => {
  const { code, stderr } = await pg.kubectl(['create', '--dry-run=server', '-f', '-'], { stdin: GOOD });
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

function merged(base: unknown, fragment: unknown): unknown {
  if (!isJsonObject(fragment)) return fragment;
  const result = new Map(isJsonObject(base) ? Object.entries(base) : []);
  for (const [key, value] of Object.entries(fragment)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}
