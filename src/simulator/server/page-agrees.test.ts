import { expect, test } from 'vitest';
import { eventsOf, fixture, post, serving, until, usageOf, valueOf, type Usage } from './test-kit.ts';

interface Seen extends Usage {
  readonly chunks: number;
}

async function streamOnce(url: string, promptTokens: number, maxTokens: number): Promise<Seen> {
  const response = await post(`${url}/v1/completions`, {
    prompt: Array.from({ length: promptTokens }, (_, index) => index),
    max_tokens: maxTokens,
    stream: true,
    stream_options: { include_usage: true },
  });
  const events = eventsOf(await response.text());
  return { ...usageOf(events.at(-2) ?? ''), chunks: events.length - 2 };
}

const ENGINE = 'engine="0",model_name="tiny-llama"';

test('after load with preemptions, the page agrees with what the clients count', async () => {
  await using running = await serving(['--num-gpu-blocks-override', '16', '--sim-speed', '200']);
  const clients = 12;
  const seen = await Promise.all(
    Array.from({ length: clients }, (_, index) => streamOnce(running.url, 350 + index, 200 + index)),
  );
  const sum = (of: (one: Seen) => number): number => seen.reduce((total, one) => total + of(one), 0);
  const page = await (await fetch(`${running.url}/metrics`)).text();
  const counter = (name: string, labels = ''): number | undefined =>
    valueOf(page, `vllm:${name}{engine="0",${labels}model_name="tiny-llama"}`);
  const histogram = (name: string): readonly (number | undefined)[] => [
    counter(`${name}_count`),
    counter(`${name}_sum`),
    valueOf(page, `vllm:${name}_bucket{engine="0",le="+Inf",model_name="tiny-llama"}`),
  ];

  const prompts = sum((one) => one.promptTokens);
  const generated = sum((one) => one.completionTokens);
  expect(generated).toBe(Array.from({ length: clients }, (_, index) => 200 + index).reduce((a, b) => a + b));
  expect(sum((one) => one.chunks)).toBeLessThanOrEqual(generated);
  expect(running.engine.figures()?.preemptions).toBeGreaterThan(0);

  expect(counter('request_success_total', 'finished_reason="length",')).toBe(clients);
  expect(counter('prompt_tokens_total')).toBe(prompts);
  expect(counter('prefix_cache_queries_total')).toBe(prompts);
  expect(valueOf(page, `vllm:prompt_tokens_by_source_total{${ENGINE},source="local_compute"}`)).toBe(prompts);
  expect(counter('generation_tokens_total')).toBe(generated);
  expect(histogram('request_prompt_tokens')).toEqual([clients, prompts, clients]);
  expect(histogram('request_generation_tokens')).toEqual([clients, generated, clients]);
  expect(histogram('iteration_tokens_total')[1]).toBe(prompts + generated);
  const decoded = generated - clients;
  expect(histogram('inter_token_latency_seconds')).toEqual([decoded, expect.any(Number), decoded]);
  for (const phase of [
    'time_to_first_token_seconds',
    'e2e_request_latency_seconds',
    'request_queue_time_seconds',
    'request_prefill_time_seconds',
    'request_decode_time_seconds',
    'request_inference_time_seconds',
    'request_time_per_output_token_seconds',
  ]) {
    expect(histogram(phase)).toEqual([clients, expect.any(Number), clients]);
  }
  for (const gauge of ['num_requests_running', 'num_requests_waiting', 'kv_cache_usage_perc']) {
    expect(counter(gauge)).toBe(0);
  }
  const ok = 'http_requests_total{handler="/v1/completions",method="POST",status="2xx"}';
  expect(valueOf(page, ok)).toBe(clients);
});

test('while one request runs and one waits, the gauges say so, and a third over the limit gets the real 503', async () => {
  const flags = ['--max-num-seqs', '1', '--max-num-queued-reqs', '1', '--sim-speed', '1'];
  await using running = await serving(flags);
  const clients = new AbortController();
  const url = `${running.url}/v1/completions`;
  const body = { prompt: [1, 2, 3], max_tokens: 500, stream: true };
  await post(url, body, clients.signal);
  await until(() => running.engine.figures()?.running === 1);
  await post(url, body, clients.signal);
  const refused = await post(url, body);
  const real = fixture('reject_stream.txt');
  expect(real.slice(real.indexOf('{'))).toBe(await refused.text());
  expect(refused.status).toBe(503);
  await until(() => running.engine.figures()?.waiting === 1);
  const page = await (await fetch(`${running.url}/metrics`)).text();
  expect(valueOf(page, `vllm:num_requests_running{${ENGINE}}`)).toBe(1);
  expect(valueOf(page, `vllm:num_requests_waiting{${ENGINE}}`)).toBe(1);
  expect(valueOf(page, `vllm:num_requests_waiting_by_reason{${ENGINE},reason="capacity"}`)).toBe(1);
  expect(valueOf(page, `vllm:kv_cache_usage_perc{${ENGINE}}`)).toBeCloseTo(1 / 63);
  const rejections = 'vllm:admission_rejections_total{model_name="tiny-llama",reason="max_num_queued_reqs"}';
  expect(valueOf(page, rejections)).toBe(1);
  clients.abort();
});

test('a request over the limit of queued tokens gets a 503, counted by its own reason', async () => {
  const flags = ['--max-num-seqs', '1', '--max-num-queued-tokens', '3', '--sim-speed', '1'];
  await using running = await serving(flags);
  const clients = new AbortController();
  const url = `${running.url}/v1/completions`;
  const body = { prompt: [1, 2, 3], max_tokens: 500, stream: true };
  await post(url, body, clients.signal);
  await until(() => running.engine.figures()?.running === 1);
  await post(url, body, clients.signal);
  expect((await post(url, body)).status).toBe(503);
  const page = await (await fetch(`${running.url}/metrics`)).text();
  const rejected = (reason: string): number | undefined =>
    valueOf(page, `vllm:admission_rejections_total{model_name="tiny-llama",reason="${reason}"}`);
  expect(rejected('max_num_queued_tokens')).toBe(1);
  expect(rejected('max_num_queued_reqs')).toBe(0);
  expect(running.engine.figures()?.rejectedRequests).toBe(1);
  clients.abort();
});

test('a client that leaves takes its request with it, which counts as 2xx and as no finished request', async () => {
  await using running = await serving(['--sim-speed', '1']);
  const client = new AbortController();
  await post(`${running.url}/v1/completions`, { prompt: [1], max_tokens: 900, stream: true }, client.signal);
  await until(() => running.engine.figures()?.running === 1);
  client.abort();
  await until(() => running.engine.figures()?.running === 0);
  const page = await (await fetch(`${running.url}/metrics`)).text();
  expect(running.engine.figures()).toMatchObject({ inFlight: 0, finishedRequests: 0, kvCacheUsage: 0 });
  expect(valueOf(page, 'http_requests_total{handler="/v1/completions",method="POST",status="2xx"}')).toBe(1);
});
