import { createServer, type RequestListener, type Server } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../runtime/silent.ts';
import { PooledKubeConfig } from './config.ts';
import { RestClient } from './rest.ts';
import { systemClock } from './system-clock.ts';
import { watch } from './watch.ts';

const never = new AbortController().signal;
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A client of a peer that behaves badly in ways no API server does. */
async function clientOf(
  listener: RequestListener,
  timeoutMs = 5_000,
  basePath = '',
): Promise<{ rest: RestClient; outcomes: string[]; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  const kubeconfig = join(folder, 'config');
  const cluster = { server: `http://127.0.0.1:${port}${basePath}`, 'insecure-skip-tls-verify': true };
  await writeFile(
    kubeconfig,
    JSON.stringify({
      'current-context': 'one',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
    }),
  );
  const config = PooledKubeConfig.load({ kubeconfig }, systemClock);
  const outcomes: string[] = [];
  const rest = new RestClient({
    config,
    userAgent: 'vllm-warden/test',
    clock: systemClock,
    random: () => 0,
    log: silentLog,
    onRequest: (_method, outcome) => void outcomes.push(outcome),
    timeoutMs,
  });
  cleanups.push(
    () => config.close(),
    () => rm(folder, { recursive: true }),
    () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))),
  );
  return { rest, outcomes, server };
}

describe('a request to a hostile peer', () => {
  test('an answer without end is cut at 64 MiB', async () => {
    const { rest, outcomes } = await clientOf((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      const send = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', send);
      send();
    });
    await expect(rest.request({ method: 'GET', path: '/', signal: never })).rejects.toMatchObject({
      code: 'ApiResponseTooLarge',
    });
    expect(outcomes).toEqual(['ApiResponseTooLarge']);
  });

  test('an answer that drips is cut by the time-out, although no pause in it is long', async () => {
    const { rest } = await clientOf((_request, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    }, 200);
    await expect(rest.request({ method: 'GET', path: '/', signal: never })).rejects.toMatchObject({
      code: 'ApiTimeout',
    });
  });

  test('a redirect is not followed', async () => {
    let hits = 0;
    const { rest } = await clientOf((_request, response) => {
      hits += 1;
      response.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere' }).end();
    });
    await expect(rest.request({ method: 'GET', path: '/', signal: never })).rejects.toMatchObject({
      status: 302,
    });
    expect(hits).toBe(1);
  });

  test('an answer that is not JSON is refused', async () => {
    const { rest } = await clientOf((_request, response) => response.end('<html>log in</html>'));
    await expect(rest.request({ method: 'GET', path: '/', signal: never })).rejects.toMatchObject({
      code: 'ApiBadResponse',
    });
  });

  test('a request is cancelled by its signal, and says so', async () => {
    const { rest } = await clientOf(() => undefined);
    const cancel = new AbortController();
    const answer = rest.request({ method: 'GET', path: '/', signal: cancel.signal });
    cancel.abort();
    await expect(answer).rejects.toMatchObject({ code: 'Aborted' });
  });
});

describe('a watch', () => {
  const request = { method: 'GET', path: '/watch', signal: never } as const;

  test('lives for as long as something comes, and ends when nothing does (javascript #3020)', async () => {
    const event = JSON.stringify({ type: 'BOOKMARK', object: {} });
    const sent = 10;
    const { rest } = await clientOf((_request, response) => {
      let left = sent;
      const timer = setInterval(() => {
        if (left > 0) response.write(`${event}\n`);
        left -= 1;
      }, 50);
      response.on('close', () => clearInterval(timer));
    });
    let received = 0;
    const reading = (async () => {
      for await (const _event of watch(rest, request, 400)) received += 1;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'ApiTimeout' });
    expect(received).toBe(sent);
  });

  test('closes its connection when its reader stops (javascript #494)', async () => {
    const closed = Promise.withResolvers<string>();
    const { rest } = await clientOf((_request, response) => {
      response.on('close', () => closed.resolve('closed'));
      response.write(`${JSON.stringify({ type: 'ADDED', object: {} })}\n`);
    });
    for await (const _event of watch(rest, request, 5_000)) break;
    expect(await closed.promise).toBe('closed');
  });

  test('fails with a clear error on a line that is no event', async () => {
    const { rest } = await clientOf((_request, response) => response.end('<html>log in</html>\n'));
    const reading = watch(rest, request, 5_000).next();
    await expect(reading).rejects.toMatchObject({ code: 'ApiBadResponse' });
  });
});

test('a request goes below the path of the server address, with its query, agent and token', async () => {
  const seen: unknown[] = [];
  const { rest } = await clientOf(
    (request, response) => {
      seen.push(request.url, request.headers['user-agent'], request.headers.authorization);
      response.end('{}');
    },
    5_000,
    '/k8s/clusters/c-1/',
  );
  await rest.request({
    method: 'GET',
    path: '/api/v1/pods',
    query: { limit: '5', continue: undefined },
    signal: never,
  });
  expect(seen).toEqual(['/k8s/clusters/c-1/api/v1/pods?limit=5', 'vllm-warden/test', 'Bearer t']);
});

test('a hundred requests one after the other share two connections at most', async () => {
  let connections = 0;
  const { rest, server } = await clientOf((_request, response) => response.end('{}'));
  server.on('connection', () => (connections += 1));
  for (let index = 0; index < 100; index += 1)
    await rest.request({ method: 'GET', path: '/', signal: never });
  expect(connections).toBeLessThanOrEqual(2);
});
