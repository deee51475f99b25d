import { describe, expect, test } from 'vitest';
import { fixture, post, serving } from './test-kit.ts';

const CONFIG = 'vllm:cache_config_info';

/** Everything on a page but values and HELP texts, in order: TYPE lines, and names with labels as written. */
function shapeOf(page: string): readonly string[] {
  return page
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# HELP'))
    .map((line) => (line.startsWith('#') ? line : line.slice(0, line.lastIndexOf(' '))))
    .map((line) => (line.startsWith(`${CONFIG}{`) ? CONFIG : line));
}

function configLabelsOf(page: string): Readonly<Record<string, string>> {
  const line = page.split('\n').find((candidate) => candidate.startsWith(`${CONFIG}{`)) ?? '';
  return Object.fromEntries(
    [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
  );
}

async function pageOf(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  return await response.text();
}

async function chatOnce(url: string): Promise<void> {
  const response = await post(`${url}/v1/chat/completions`, {
    messages: [{ role: 'user', content: 'hello' }],
    max_tokens: 3,
    stream: true,
  });
  await response.text();
}

/** Where we differ from the real engine's `cache_config_info`, and why. */
const CONFIG_DIFFERENCES = {
  // The real one ran on a CPU, where the cache's size is given in bytes and not derived.
  kv_cache_memory_bytes: 'None',
  // The CPU engine has blocks of 128 by default; ours had to be told.
  user_specified_block_size: 'True',
} as const;

describe('the page of 0.32.0', () => {
  test('idle, is the real one in families, types, labels, bounds and order', async () => {
    await using running = await serving();
    const page = await pageOf(running.url);
    expect(shapeOf(page)).toEqual(shapeOf(fixture('idle_fresh.prom')));
  });

  test('after load, is the real one, with the http families of the routes in use', async () => {
    await using running = await serving(['--num-gpu-blocks-override', '16']);
    await chatOnce(running.url);
    const page = await pageOf(running.url);
    expect(shapeOf(page)).toEqual(shapeOf(fixture('after_load.prom')));
    const real = configLabelsOf(fixture('after_load.prom'));
    expect(configLabelsOf(page)).toEqual({ ...real, ...CONFIG_DIFFERENCES });
  });

  test('without log stats, has no family of the engine', async () => {
    await using running = await serving(['--disable-log-stats']);
    await chatOnce(running.url);
    expect(shapeOf(await pageOf(running.url))).toEqual(shapeOf(fixture('disable_log_stats.prom')));
  });

  test('starts at zero, with the engine awake', async () => {
    await using running = await serving();
    const ours = (await pageOf(running.url)).split('\n').filter((line) => line.startsWith('vllm:'));
    const counted = ours.filter((line) => !line.includes('_created') && !line.startsWith(CONFIG));
    expect(counted.filter((line) => !line.endsWith(' 0.0'))).toEqual([
      'vllm:engine_sleep_state{engine="0",model_name="tiny-llama",sleep_state="awake"} 1.0',
    ]);
  });

  test('has the content type of the real one, whatever the client accepts', async () => {
    await using running = await serving();
    const headers = { accept: 'application/openmetrics-text' };
    const response = await fetch(`${running.url}/metrics`, { headers });
    expect(fixture('metrics_headers.txt')).toContain(`content-type: ${response.headers.get('content-type')}`);
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(await response.text())));
  });
});

describe.each(['0.10.2', '0.11.2', '0.15.1', '0.20.2', '0.28.0'])('the page of %s', (version) => {
  test('after load, has the families, types, labels and bounds of the real one', async () => {
    await using running = await serving(['--num-gpu-blocks-override', '16'], version);
    await chatOnce(running.url);
    const page = await pageOf(running.url);
    const real = fixture(`${version}/after.prom`);
    // The real ones were also asked for routes other than chat, and count them.
    expect(shapeOf(page)).toEqual(shapeOf(real).filter((line) => !/handler="(?!\/v1\/chat)/.test(line)));
    expect(Object.keys(configLabelsOf(page)).toSorted()).toEqual(
      Object.keys(configLabelsOf(real)).toSorted(),
    );
  });
});
