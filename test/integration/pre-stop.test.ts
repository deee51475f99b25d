import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { fleet } from '../builders/fleets.ts';
import { preStop } from '../../src/workload/pre-stop.ts';

const run = promisify(execFile);

const page = (running: number, waiting: number): string =>
  [
    `vllm:num_requests_running{engine="0",model_name="m"} ${running}.0`,
    `vllm:num_requests_waiting{engine="0",model_name="m"} ${waiting}.0`,
    `vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 7.0`,
  ].join('\n');

let server: Server | undefined;
let served = 0;

afterEach(() => {
  server?.close();
});

/** An engine that serves these pages, one a request, the last one for ever. */
async function engine(...pages: readonly string[]): Promise<number> {
  served = 0;
  server = createServer((_, response) => {
    response.end(pages[Math.min(served, pages.length - 1)]);
    served += 1;
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** Runs the hook of an older engine at this port, without settling and with 20 ms between two pages. */
async function hook(port: number, timeoutSeconds: number): Promise<void> {
  const spec = { engine: { version: '0.17.1', port }, drain: { settleSeconds: 0, timeoutSeconds } };
  const handler = preStop(fleet(spec).spec);
  const command = handler !== undefined && 'exec' in handler ? handler.exec.command : [];
  const [file = '', ...args] = command;
  await run(file, [...args.slice(0, -1), '0.02'], { timeout: 20_000 });
}

test('the hook of an older engine returns after two empty pages in a row', async () => {
  await hook(
    await engine(page(2, 1), page(0, 1), page(0, 0), page(1, 0), page(0, 0), page(0, 0), page(5, 5)),
    60,
  );
  expect(served).toBe(6);
});

test('it does not take a page without the gauges for an empty one', async () => {
  await hook(await engine('process_start_time_seconds 1.0', '<html></html>', page(0, 0)), 60);
  expect(served).toBe(4);
});

test('it gives up when the time is over', async () => {
  await hook(await engine(page(1, 0)), 1);
  expect(served).toBeGreaterThan(2);
});

test('it returns at once when the engine is gone', async () => {
  const port = await engine(page(1, 0));
  await new Promise((resolve) => server?.close(resolve));
  await hook(port, 60);
  expect(served).toBe(0);
});
