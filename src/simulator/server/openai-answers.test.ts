import { describe, expect, test } from 'vitest';
import { eventsOf, fixture, post, serving, usageOf } from './test-kit.ts';

const HELLO = [{ role: 'user', content: 'hello' }];

/** An event without what differs between two runs: id, time, words, build of the engine. */
function normalize(event: string): string {
  return event
    .replace(/"id":"(chatcmpl|cmpl)-[0-9a-f]{16}"/, '"id":"$1-…"')
    .replace(/"created":\d+/, '"created":0')
    .replace(/"(content|text)":"(?:[^"\\]|\\.)+"/, '"$1":"…"')
    .replace(/"content":""(?=},"logprobs":null,"finish_reason":null,"token_ids")/, '"content":"…"')
    .replace(/"vllm-0\.32\.0-[0-9a-f]{8}"/, '"vllm-0.32.0-…"');
}

/** Token counts grow from chunk to chunk; how many tokens a chunk carries is a matter of timing. */
function collapse(events: readonly string[]): readonly string[] {
  const last = events.length - 2;
  const shapes = events.map((event, index) =>
    index === last
      ? normalize(event)
      : normalize(event).replace(/"(total|completion)_tokens":\d+/g, '"$1_tokens":0'),
  );
  return shapes.filter((shape, index) => shape !== shapes[index - 1]);
}

describe.concurrent('a stream is the real one, event for event and field for field:', () => {
  test.each([
    ['chat', '/v1/chat/completions', { messages: HELLO, max_tokens: 12 }, {}, 'stream.txt'],
    ['completions', '/v1/completions', { prompt: [1, 2, 3], max_tokens: 5 }, {}, 'stream_completions.txt'],
    [
      'chat with continuous usage',
      '/v1/chat/completions',
      { messages: HELLO, max_tokens: 5 },
      { continuous_usage_stats: true },
      'stream_continuous_usage.txt',
    ],
  ])('%s', async (_what, path, body, options, file) => {
    // So slow that a busy machine misses some tokens at most: what came while it stood still is one event.
    await using running = await serving(['--sim-speed', '0.25']);
    const response = await post(`${running.url}${path}`, {
      ...body,
      stream: true,
      stream_options: { include_usage: true, ...options },
    });
    const real = fixture(file);
    expect(collapse(eventsOf(await response.text()))).toEqual(collapse(eventsOf(real)));
    for (const header of ['server', 'content-type', 'vary', 'transfer-encoding']) {
      expect(real).toContain(`${header}: ${response.headers.get(header)}`);
    }
  });

  test('without include_usage, no usage', async () => {
    await using running = await serving();
    const body = {
      messages: HELLO,
      max_tokens: 5,
      stream: true,
      stream_options: { continuous_usage_stats: true },
    };
    const response = await post(`${running.url}/v1/chat/completions`, body);
    const text = await response.text();
    expect(text).not.toContain('"usage"');
    expect(eventsOf(text).at(-1)?.trim()).toBe('[DONE]');
  });
});

/** The bodies of errors.txt by their headings. */
function realBodies(): ReadonlyMap<string, string> {
  const sections = fixture('errors.txt').split(/^### /m).slice(1);
  return new Map(sections.map((section) => [section.split('\n')[0] ?? '', section.split('\n')[1] ?? '']));
}

test.each([
  ['no model field', '/v1/completions', { prompt: [1, 2, 3], max_tokens: 3 }],
  ['empty content', '/v1/chat/completions', { messages: [{ role: 'user', content: '' }], max_tokens: 3 }],
])('an answer in one piece is the real one, field for field: %s', async (heading, path, body) => {
  await using running = await serving();
  const response = await post(`${running.url}${path}`, body);
  expect(normalize(await response.text())).toBe(normalize(realBodies().get(heading) ?? ''));
});

test('a chat without max_tokens runs to the context limit', async () => {
  await using running = await serving(['--max-model-len', '100']);
  const response = await post(`${running.url}/v1/chat/completions`, { messages: HELLO });
  expect(await response.json()).toMatchObject({ usage: { prompt_tokens: 8, completion_tokens: 92 } });
});

test('a completion without max_tokens gives 16 tokens', async () => {
  await using running = await serving();
  const response = await post(`${running.url}/v1/completions`, { prompt: 'four letters a token' });
  expect(await response.json()).toMatchObject({ usage: { prompt_tokens: 5, completion_tokens: 16 } });
});

describe.concurrent('with a mean output length', () => {
  const flags = ['--sim-mean-output-tokens', '5', '--sim-seed', '1', '--sim-speed', '500'];
  const prompt = [1, 2, 3];

  async function lengths(url: string, body: object): Promise<readonly number[]> {
    const tokens: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const response = await post(`${url}/v1/completions`, { prompt, max_tokens: 60, ...body });
      tokens.push(usageOf(await response.text()).completionTokens);
    }
    return tokens;
  }

  test('requests stop by themselves, at the same lengths for the same seed', async () => {
    await using one = await serving(flags);
    await using other = await serving(flags);
    const first = await lengths(one.url, {});
    expect(first).toEqual(await lengths(other.url, {}));
    expect(new Set(first).size).toBeGreaterThan(1);
    expect(one.engine.figures()).toMatchObject({ finishedRequests: 8 });
  });

  test('min_tokens is a floor, and ignore_eos runs to max_tokens', async () => {
    await using running = await serving(flags);
    const floored = await lengths(running.url, { min_tokens: 20 });
    expect(floored.every((tokens) => tokens >= 20)).toBe(true);
    expect(new Set(await lengths(running.url, { ignore_eos: true }))).toEqual(new Set([60]));
  });
});

describe('an error is the real one:', () => {
  const chat = '/v1/chat/completions';
  const completions = '/v1/completions';
  const ids = Array.from({ length: 1100 }, (_, index) => index);

  test.each([
    ['completions prompt too long', 400, completions, { prompt: ids }],
    ['prompt + max_tokens > max_model_len', 400, completions, { prompt: 'x', max_tokens: 5000 }],
    [
      'chat prompt too long (stream)',
      400,
      chat,
      { messages: [{ role: 'user', content: 'x'.repeat(5000) }], stream: true },
    ],
    ['missing field prompt', 400, completions, { model: 'tiny-llama' }],
    ['chat missing messages', 400, chat, { model: 'tiny-llama' }],
    ['unknown model', 404, completions, { model: 'nope', prompt: 'x' }],
    ['empty prompt string', 400, completions, { prompt: '' }],
    ['empty prompt token list', 400, completions, { prompt: [] }],
    ['empty messages', 400, chat, { messages: [] }],
    ['bad temperature', 400, completions, { prompt: 'x', temperature: -1 }],
    ['max_tokens 0', 400, completions, { prompt: 'x', max_tokens: 0 }],
    ['404', 404, '/v1/nothing', {}],
  ])('%s', async (heading, status, path, body) => {
    await using running = await serving();
    const response = await post(`${running.url}${path}`, body);
    expect(await response.text()).toBe(realBodies().get(heading));
    expect(response.status).toBe(status);
  });

  test('malformed JSON, but for the position', async () => {
    await using running = await serving();
    const response = await post(`${running.url}${completions}`, '{"prompt": ');
    const unplaced = (text: string): string => text.replace(/body\.\d+/g, 'body.N');
    expect(unplaced(await response.text())).toBe(unplaced(realBodies().get('malformed JSON') ?? ''));
  });

  test('wrong content-type, and GET where only POST is served', async () => {
    await using running = await serving();
    const url = `${running.url}${completions}`;
    const plain = await fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' });
    expect(await plain.text()).toBe(realBodies().get('wrong content-type'));
    const get = await fetch(url);
    expect([get.status, await get.text()]).toEqual([405, realBodies().get('GET on completions')]);
  });

  test('several prompts or answers, which we do not serve, are refused by name', async () => {
    await using running = await serving();
    const many = await post(`${running.url}${completions}`, { prompt: ['a', 'b'] });
    expect([many.status, await many.text()]).toEqual([
      400,
      expect.stringContaining('one prompt a request, got 2'),
    ]);
    const n = await post(`${running.url}${completions}`, { prompt: 'a', n: 2 });
    expect([n.status, await n.text()]).toEqual([400, expect.stringContaining('n=1, got 2')]);
  });
});
