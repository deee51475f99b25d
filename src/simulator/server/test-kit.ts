/** What the tests of this folder share; nothing else imports it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { startSimulatedEngine, type SimulatedEngine } from './start.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/engine-pages');

/** A file captured from a real engine. */
export function fixture(name: string): string {
  return readFileSync(join(FIXTURES, name), 'utf8');
}

/** The arguments of the real engine behind the captured pages, at once ready and fifty times as fast. */
export const TINY_ARGV: readonly string[] =
  `serve /models/tiny --served-model-name tiny-llama --max-model-len 1024 --max-num-seqs 4
  --block-size 128 --num-gpu-blocks-override 64 --sim-startup-seconds 0 --sim-speed 50`.split(/\s+/);

export interface RunningEngine extends AsyncDisposable {
  readonly engine: SimulatedEngine;
  readonly url: string;
}

/** An engine that serves; killed at the end of its scope. Flags given later win. */
export async function serving(flags: readonly string[] = [], vllmVersion = '0.32.0'): Promise<RunningEngine> {
  const argv = [...TINY_ARGV, ...flags];
  const engine = await startSimulatedEngine({ argv, vllmVersion, host: '127.0.0.1', port: 0 });
  await engine.ready;
  return {
    engine,
    url: `http://127.0.0.1:${engine.port}`,
    [Symbol.asyncDispose]: async () => {
      engine.kill();
      await engine.exited;
    },
  };
}

/** A stream whose response nobody holds is cancelled by the garbage collector: its client would have left. */
const HELD = new Set<Response>();

export async function post(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: signal ?? AbortSignal.timeout(10_000),
  });
  HELD.add(response);
  return response;
}

/** The payloads of a stream's `data:` events. */
export function eventsOf(stream: string): readonly string[] {
  return stream
    .split('\n\n')
    .filter((event) => event.includes('data: '))
    .map((event) => event.slice(event.indexOf('data: ') + 'data: '.length));
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

const answer = z.object({ usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }) });

/** The usage that an answer, or the last chunk of a stream, carries. */
export function usageOf(json: string): Usage {
  const { usage } = answer.parse(JSON.parse(json));
  return { promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens };
}

/** Waits until `condition` holds, looking at each turn of the event loop; vitest bounds the wait. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** The value of one sample, by its name and labels as written. */
export function valueOf(page: string, nameAndLabels: string): number | undefined {
  const line = page.split('\n').find((candidate) => candidate.startsWith(`${nameAndLabels} `));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}
