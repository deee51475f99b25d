import { describe, expect, test } from 'vitest';
import type { FaultInput } from './fault.ts';
import { post, serving, until, valueOf, type RunningEngine } from './test-kit.ts';

const LONG = { prompt: [1, 2, 3], max_tokens: 900, stream: true };
const SHORT = { prompt: [1], max_tokens: 1 };
/** LONG takes two seconds: long enough to be cut. */
const SLOW = ['--sim-speed', '10'];

async function page({ url }: RunningEngine): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

async function engineLines(running: RunningEngine): Promise<readonly string[]> {
  return (await page(running)).split('\n').filter((line) => line.startsWith('vllm:'));
}

/** A figure of the page by its family's name. */
async function figure(running: RunningEngine, family: string): Promise<number> {
  return valueOf(await page(running), `${family}{engine="0",model_name="tiny-llama"}`) ?? Number.NaN;
}

interface Streams {
  readonly texts: Promise<readonly string[]>;
}

/** Sends LONG so many times. What is not read would be cancelled once it is forgotten. */
async function open({ url }: RunningEngine, count: number, signal?: AbortSignal): Promise<Streams> {
  const responses = await Promise.all(
    Array.from({ length: count }, () => post(`${url}/v1/completions`, LONG, signal)),
  );
  const texts = Promise.all(responses.map((response) => response.text()));
  texts.catch(() => undefined);
  return { texts };
}

/** Waits until the engine runs them all, too. */
async function run(running: RunningEngine, count: number, signal?: AbortSignal): Promise<Streams> {
  const streams = await open(running, count, signal);
  await until(() => running.engine.figures()?.running === count);
  return streams;
}

async function finishOne({ url }: RunningEngine): Promise<void> {
  await (await post(`${url}/v1/completions`, SHORT)).text();
}

async function health({ url }: RunningEngine): Promise<number> {
  return (await fetch(`${url}/health`)).status;
}

describe.concurrent('an engine that does nothing', () => {
  test.each<FaultInput>([{ kind: 'Wedge' }, { kind: 'Sleep' }, { kind: 'Pause' }])(
    'by $kind keeps its page and its health, and goes on where it stopped when the fault ends',
    async (fault) => {
      await using running = await serving(SLOW);
      const { texts } = await run(running, 1);
      running.engine.beginFault(fault);
      const before = (await engineLines(running)).filter((line) => !line.includes('sleep_state'));
      const client = new AbortController();
      await open(running, 1, client.signal);
      client.abort();
      await until(() => running.engine.figures()?.inFlight === 1);
      expect((await engineLines(running)).filter((line) => !line.includes('sleep_state'))).toEqual(before);
      expect(await health(running)).toBe(200);
      expect(running.engine.faults()).toEqual([expect.objectContaining(fault)]);
      running.engine.endFault(fault.kind);
      expect((await texts)[0]).toContain('"finish_reason":"length"');
      expect(running.engine.figures()).toMatchObject({
        running: 0,
        finishedRequests: 1,
        generationTokens: 900,
      });
    },
  );

  test('by Deadlock says that all wait for capacity, with an empty cache, new ones too', async () => {
    await using running = await serving(SLOW);
    const client = new AbortController();
    await run(running, 3);
    running.engine.beginFault({ kind: 'Deadlock' });
    expect(running.engine.figures()).toMatchObject({ running: 0, waiting: 3, kvCacheUsage: 0 });
    const { steps } = running.engine.figures() ?? {};
    await open(running, 1, client.signal);
    expect(running.engine.figures()).toMatchObject({ running: 0, waiting: 4, kvCacheUsage: 0, steps });
    expect(
      valueOf(
        await page(running),
        'vllm:num_requests_waiting_by_reason{engine="0",model_name="tiny-llama",reason="capacity"}',
      ),
    ).toBe(4);
    client.abort();
    await until(() => running.engine.figures()?.waiting === 3);
    running.engine.endFault('Deadlock');
    await until(() => running.engine.figures()?.finishedRequests === 3);
    expect(running.engine.figures()).toMatchObject({ running: 0, waiting: 0, preemptions: 0 });
  });

  test('by Livelock computes one prompt over and over, and generates nothing', async () => {
    await using running = await serving(SLOW);
    await run(running, 2);
    running.engine.beginFault({ kind: 'Livelock' });
    const before = running.engine.figures();
    await until(() => (running.engine.figures()?.promptTokens ?? 0) > (before?.promptTokens ?? 0) + 30);
    const after = running.engine.figures();
    expect(after).toMatchObject({ running: 0, waiting: 2, generationTokens: before?.generationTokens });
    expect(after?.steps, 'its heart beats').toBeGreaterThan(before?.steps ?? Infinity);
  });
});

describe.concurrent('an engine that is dead while its process lives', () => {
  test('with an open port ends its requests with errors, answers 500 to new ones and is not healthy', async () => {
    await using running = await serving(SLOW);
    const { texts } = await run(running, 1);
    const whole = post(`${running.url}/v1/completions`, { ...LONG, stream: false });
    await until(() => running.engine.figures()?.inFlight === 2);
    running.engine.beginFault({ kind: 'Dead' });
    expect((await texts)[0]).toMatch(/"code":500.*\n\ndata: \[DONE\]\n\n$/);
    expect((await whole).status).toBe(500);
    expect((await post(`${running.url}/v1/completions`, SHORT)).status).toBe(500);
    expect(await health(running)).toBe(503);
    expect(await figure(running, 'vllm:num_requests_running')).toBe(1);
    running.engine.endFault('Dead');
    expect(await health(running), 'for good').toBe(503);
    running.engine.terminate();
    expect(await running.engine.exited).toEqual({ exitCode: 0 });
  });

  test('with a closed port refuses everything, and still ends at SIGTERM', async () => {
    await using running = await serving(SLOW);
    const { texts } = await run(running, 1);
    running.engine.beginFault({ kind: 'Dead', port: 'Closed' });
    await expect(texts).rejects.toThrow('terminated');
    await expect(health(running)).rejects.toThrow('fetch failed');
    running.engine.terminate();
    expect(await running.engine.exited).toEqual({ exitCode: 0 });
  });
});

describe.concurrent('an engine that leaks', () => {
  test('in the API server shows it on its page; in the engine core, in the working set only', async () => {
    await using running = await serving();
    const before = running.engine.figures() ?? { residentBytes: 0, workingSetBytes: 0 };
    await finishOne(running);
    running.engine.beginFault({ kind: 'HostLeak', process: 'ApiServer', bytesPerRequest: 1_000_000 });
    await finishOne(running);
    await finishOne(running);
    const grown = before.residentBytes + 2_000_000;
    expect(valueOf(await page(running), 'process_resident_memory_bytes')).toBe(grown);
    running.engine.beginFault({ kind: 'HostLeak', bytesPerStep: 1000, bytesPerRequest: 500 });
    await finishOne(running);
    expect(running.engine.figures()).toMatchObject({
      residentBytes: grown,
      workingSetBytes: before.workingSetBytes + 2_001_500,
    });
    running.engine.endFault('HostLeak');
    await finishOne(running);
    expect(running.engine.figures()?.workingSetBytes).toBe(before.workingSetBytes + 2_001_500);
  });

  test('by the minute leaks while it idles, up to where a cache would be full', async () => {
    await using running = await serving();
    const before = running.engine.figures()?.workingSetBytes ?? 0;
    running.engine.beginFault({ kind: 'HostLeak', bytesPerMinute: 1e12, untilBytes: 5e6 });
    const grown = (): number => (running.engine.figures()?.workingSetBytes ?? 0) - before;
    await until(() => grown() >= 5e6);
    expect(grown()).toBe(5e6);
  });

  test('KV blocks keeps them in the gauge while idle, until nothing can run any more', async () => {
    await using running = await serving(['--num-gpu-blocks-override', '11']);
    running.engine.beginFault({ kind: 'KvLeak', blocksPerRequest: 4 });
    await finishOne(running);
    expect(await figure(running, 'vllm:kv_cache_usage_perc')).toBeCloseTo(0.4);
    await finishOne(running);
    await finishOne(running);
    expect(running.engine.figures()).toMatchObject({ running: 0, waiting: 0, kvCacheUsage: 1 });
    const client = new AbortController();
    await open(running, 1, client.signal);
    await until(() => running.engine.figures()?.waiting === 1);
    client.abort();
  });
});

describe.concurrent('an engine that only looks sick', () => {
  test('with StaleGauges keeps those of requests that all left, until its next request', async () => {
    await using running = await serving(SLOW);
    running.engine.beginFault({ kind: 'StaleGauges' });
    const clients = new AbortController();
    await run(running, 3, clients.signal);
    clients.abort();
    await until(() => running.engine.figures()?.inFlight === 0);
    expect(await figure(running, 'vllm:num_requests_running')).toBeGreaterThan(0);
    expect(await figure(running, 'vllm:kv_cache_usage_perc')).toBeGreaterThan(0);
    await finishOne(running);
    expect(running.engine.figures()).toMatchObject({ running: 0, kvCacheUsage: 0 });
  });

  test('with a Stall takes longer for one step, and then goes on as before', async () => {
    await using running = await serving();
    running.engine.beginFault({ kind: 'Stall', seconds: 0.3 });
    await finishOne(running);
    expect(await figure(running, 'vllm:time_to_first_token_seconds_sum')).toBeGreaterThan(0.3);
    expect(running.engine.faults()).toEqual([]);
    const { texts } = await run(running, 1);
    running.engine.beginFault({ kind: 'Stall', seconds: 0.2 });
    await texts;
    expect(await figure(running, 'vllm:inter_token_latency_seconds_sum')).toBeGreaterThan(0.2);
  });

  test('that is Slow takes a multiple of its time for each step, until it is not', async () => {
    await using running = await serving();
    const perToken = async (): Promise<number> => {
      const sum = await figure(running, 'vllm:inter_token_latency_seconds_sum');
      const count = await figure(running, 'vllm:inter_token_latency_seconds_count');
      await (await post(`${running.url}/v1/completions`, { prompt: [1], max_tokens: 40 })).text();
      const sumNow = await figure(running, 'vllm:inter_token_latency_seconds_sum');
      return (sumNow - sum) / ((await figure(running, 'vllm:inter_token_latency_seconds_count')) - count);
    };
    const usual = await perToken();
    running.engine.beginFault({ kind: 'Slow', factor: 5 });
    expect((await perToken()) / usual).toBeCloseTo(5, 1);
    running.engine.endFault('Slow');
    expect((await perToken()) / usual).toBeCloseTo(1, 1);
  });

  test('with a SlowPage holds back the page and nothing else', async () => {
    await using running = await serving();
    running.engine.beginFault({ kind: 'SlowPage', seconds: 0.05 });
    const order: string[] = [];
    await Promise.all([
      page(running).then(() => order.push('page')),
      health(running).then(() => order.push('health')),
    ]);
    expect(order).toEqual(['health', 'page']);
  });
});

describe.concurrent('faults from outside', () => {
  const wedge = JSON.stringify({ kind: 'Wedge' });

  test('are begun, listed and ended over HTTP', async () => {
    await using running = await serving(['--sim-faults']);
    const url = `${running.url}/sim/faults`;
    const begun = await post(url, wedge);
    expect([begun.status, await begun.json()]).toEqual([200, [{ kind: 'Wedge' }]]);
    expect(await (await fetch(url)).json()).toEqual([{ kind: 'Wedge' }]);
    expect(await (await fetch(`${url}?kind=Wedge`, { method: 'DELETE' })).json()).toEqual([]);
    expect(running.engine.faults()).toEqual([]);
    expect(await page(running)).not.toContain('/sim/');
  });

  test.each(['{"kind":"Rust"}', '{"kind":"Wedge","hard":true}', '{"kind":"Slow","factor":-1}', 'Wedge'])(
    'are refused with the reason when they are none: %s',
    async (body) => {
      await using running = await serving(['--sim-faults']);
      const refused = await post(`${running.url}/sim/faults`, body);
      expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('a fault')]);
      const ended = await fetch(`${running.url}/sim/faults?kind=Rust`, { method: 'DELETE' });
      expect([ended.status, await ended.text()]).toEqual([400, expect.stringContaining('Deadlock')]);
    },
  );

  test('are not taken by an engine that was not told to', async () => {
    await using running = await serving();
    expect((await post(`${running.url}/sim/faults`, wedge)).status).toBe(404);
    expect((await fetch(`${running.url}/is_sleeping`)).status).toBe(404);
  });

  test('stand in the arguments of an image that is bad from the start', async () => {
    await using running = await serving(['--sim-fault', wedge, '{"kind":"KvLeak","blocksPerRequest":1}']);
    expect(running.engine.faults().map(({ kind }) => kind)).toEqual(['Wedge', 'KvLeak']);
  });

  test('an engine in vLLM’s developer mode says that it sleeps or is paused', async () => {
    await using running = await serving(['--sim-dev-mode']);
    const says = async (path: string): Promise<unknown> => (await fetch(`${running.url}${path}`)).json();
    expect([await says('/is_sleeping'), await says('/is_paused')]).toEqual([
      { is_sleeping: false },
      { is_paused: false },
    ]);
    running.engine.beginFault({ kind: 'Sleep', level: 2 });
    running.engine.beginFault({ kind: 'Pause' });
    expect([await says('/is_sleeping'), await says('/is_paused')]).toEqual([
      { is_sleeping: true },
      { is_paused: true },
    ]);
    const state = 'vllm:engine_sleep_state{engine="0",model_name="tiny-llama",sleep_state=';
    const text = await page(running);
    expect([valueOf(text, `${state}"awake"}`), valueOf(text, `${state}"discard_all"}`)]).toEqual([0, 1]);
  });
});
