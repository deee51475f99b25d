import { expect, test } from 'vitest';
import { post, serving, until, valueOf } from './test-kit.ts';

async function getJson(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url, { headers });
  return await response.json();
}

test('says its version and its models, aliases included', async () => {
  await using running = await serving(['--served-model-name', 'one', 'two']);
  expect(await getJson(`${running.url}/version`)).toEqual({ version: '0.32.0' });
  const card = { object: 'model', owned_by: 'vllm', root: '/models/tiny', parent: null, max_model_len: 1024 };
  expect(await getJson(`${running.url}/v1/models`)).toEqual({
    object: 'list',
    data: [expect.objectContaining({ id: 'one', ...card }), expect.objectContaining({ id: 'two', ...card })],
  });
  const answer = await post(`${running.url}/v1/completions`, { model: 'two', prompt: [1], max_tokens: 1 });
  expect(await answer.json()).toMatchObject({ model: 'one' });
});

test('asks for the key under /v1 and nowhere else', async () => {
  await using running = await serving(['--api-key', 'secret']);
  const status = async (path: string, key?: string): Promise<number> => {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await fetch(`${running.url}${path}`, { headers })).status;
  };
  expect(await status('/v1/models')).toBe(401);
  expect(await status('/v1/models', 'wrong')).toBe(401);
  expect(await status('/v1/models', 'secret')).toBe(200);
  for (const path of ['/health', '/ping', '/metrics', '/load', '/version'])
    expect(await status(path)).toBe(200);
});

test.each([
  ['with --enable-server-load-tracking says how many requests it has', ['--enable-server-load-tracking'], 2],
  ['without --enable-server-load-tracking says 0', [], 0],
])('/load %s', async (_what, flags, load) => {
  await using running = await serving([...flags, '--sim-speed', '1']);
  const clients = new AbortController();
  const body = { prompt: [1], max_tokens: 900, stream: true };
  await post(`${running.url}/v1/completions`, body, clients.signal);
  await post(`${running.url}/v1/completions`, body, clients.signal);
  expect(await getJson(`${running.url}/load`)).toEqual({ server_load: load });
  clients.abort();
  await until(() => running.engine.figures()?.inFlight === 0);
  expect(await getJson(`${running.url}/load`)).toEqual({ server_load: 0 });
});

test('http families count by route, method and class of status, and leave the probes out', async () => {
  await using running = await serving();
  await (await fetch(`${running.url}/health`)).text();
  await (await fetch(`${running.url}/v1/models`)).text();
  await (await fetch(`${running.url}/nothing`)).text();
  const body = { prompt: [1], max_tokens: 1 };
  await (await post(`${running.url}/v1/completions?x=1`, body)).text();
  await (await post(`${running.url}/v1/completions`, {})).text();
  const page = await (await fetch(`${running.url}/metrics`)).text();
  const requests = page.split('\n').filter((line) => line.startsWith('http_requests_total{'));
  expect(requests).toEqual([
    'http_requests_total{handler="/v1/models",method="GET",status="2xx"} 1.0',
    'http_requests_total{handler="none",method="GET",status="4xx"} 1.0',
    'http_requests_total{handler="/v1/completions",method="POST",status="2xx"} 1.0',
    'http_requests_total{handler="/v1/completions",method="POST",status="4xx"} 1.0',
  ]);
  expect(valueOf(page, 'http_request_size_bytes_sum{handler="/v1/completions"}')).toBe(
    JSON.stringify(body).length + JSON.stringify({}).length,
  );
  expect(valueOf(page, 'http_request_duration_highr_seconds_count')).toBe(4);
});
