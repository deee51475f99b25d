import { expect, test } from 'vitest';
import type { EngineSample } from '../../engine/sample.ts';
import { scanPage } from '../../engine/scan.ts';
import { post, serving, until } from './test-kit.ts';

/** What the operator reads of the engine. */
async function sampleOf(url: string): Promise<EngineSample> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const result = scanPage(new Uint8Array(await response.arrayBuffer()));
  if (!result.ok) throw new Error(result.message);
  return result.sample;
}

const short = { prompt: [1, 2], max_tokens: 3 };
const long = { prompt: [1, 2], max_tokens: 900 };

test('answers over HTTP, requests in the engine and refused ones are all that were sent, whoever left', async () => {
  const flags = ['--max-num-seqs', '2', '--max-num-queued-reqs', '2', '--sim-speed', '1'];
  await using simulated = await serving(flags);
  const { url, engine } = simulated;
  const inEngine = (running: number, waiting: number): Promise<void> =>
    until(() => {
      const now = engine.figures();
      return now?.inFlight === running + waiting && now.running === running && now.waiting === waiting;
    });
  expect((await sampleOf(url)).httpAnswered).toBe(0);

  for (const [route, body] of [
    ['completions', short],
    ['completions', { ...short, stream: true }],
    ['chat/completions', { messages: [{ role: 'user', content: 'hi' }], max_tokens: 2 }],
  ] as const)
    await (await post(`${url}/v1/${route}`, body)).text();
  expect(await sampleOf(url)).toMatchObject({ httpAnswered: 3, requests: { length: 3 } });

  // None of these is a generation request that got in.
  for (const body of ['{', { ...short, max_tokens: 5000 }])
    expect((await post(`${url}/v1/completions`, body)).status).toBe(400);
  expect((await post(`${url}/v1/nowhere`, short)).status).toBe(404);
  await (await fetch(`${url}/v1/models`)).text();
  expect(await sampleOf(url)).toMatchObject({ httpAnswered: 3, httpFailed: 0 });

  const clients = Array.from({ length: 4 }, () => new AbortController());
  const left: Promise<unknown>[] = [];
  for (const [index, { signal }] of clients.entries()) {
    // Those that stream, and those that would get one answer at the end.
    const sent = post(`${url}/v1/completions`, { ...long, stream: index % 2 === 0 }, signal);
    left.push(sent.then((response) => response.text()).catch(() => undefined));
    await inEngine(Math.min(index + 1, 2), Math.max(index - 1, 0));
  }
  expect((await post(`${url}/v1/completions`, { ...short, stream: true })).status).toBe(503);
  expect(await sampleOf(url)).toMatchObject({
    httpAnswered: 3,
    httpFailed: 1,
    running: 2,
    waiting: 2,
    admissionRejections: { max_num_queued_reqs: 1 },
  });

  // First one that waits and one that runs, then the others.
  for (const [gone, ...indices] of [
    [2, 3, 0],
    [4, 1, 2],
  ] as const) {
    for (const index of indices) clients[index]?.abort();
    await inEngine(4 - gone, 0);
    expect(await sampleOf(url)).toMatchObject({
      httpAnswered: 3 + gone,
      running: 4 - gone,
      waiting: 0,
      requests: { length: 3, abort: 0 },
    });
  }
  await Promise.all(left);
});
