import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ManualClock } from '../../runtime/manual-clock.ts';
import { createAgent } from './connect-agent.ts';
import { FakeEngine, portOf, sendStream, token } from './fake-engine.ts';
import { runLoad } from './run-load.ts';

/** A CONNECT proxy that carries every tunnel to one port, or refuses it with a status. */
class FakeProxy implements AsyncDisposable {
  readonly authorities: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: number | { readonly port: number }) {
    this.#server = createServer();
    this.#server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    this.#server.on('connect', (request, client) => {
      this.authorities.push(request.url ?? '');
      if (typeof answer === 'number') {
        client.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
        return;
      }
      const upstream = connect(answer.port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      this.#sockets.add(upstream);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
  }

  static async start(answer: number | { readonly port: number }): Promise<FakeProxy> {
    const proxy = new FakeProxy(answer);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server.address())}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Three requests, one after the other, to an address that only the proxy can reach. */
async function runThrough(proxy: { readonly url: string } | undefined, port: number) {
  const { records } = await runLoad({
    schedule: {
      requests: [0, 1, 2].map((id) => ({ id, atMs: 0, promptTokens: 8, outputTokens: 1 })),
      durationMs: 0,
    },
    model: 'chat',
    pickTarget: () => ({
      name: 'engine-a',
      host: proxy === undefined ? '127.0.0.1' : '198.18.0.7',
      port: proxy === undefined ? port : 8000,
      path: '/v1/completions',
    }),
    clock: new ManualClock(),
    signal: new AbortController().signal,
    requestTimeoutMs: 1000,
    maxInFlight: 1,
    seed: 1,
    ...(proxy === undefined ? {} : { engineProxyUrl: proxy.url }),
  });
  return records.map(({ outcome }) => outcome);
}

const COMPLETED = { ok: true, finishReason: 'length' };

test('requests one after the other share one connection', async () => {
  await using engine = await FakeEngine.start((response) => sendStream(response, token('a', 'length')));
  expect(await runThrough(undefined, engine.port)).toEqual([COMPLETED, COMPLETED, COMPLETED]);
  expect(engine.connections).toBe(1);
});

test('a proxy carries them, and one tunnel serves all', async () => {
  await using engine = await FakeEngine.start((response) => sendStream(response, token('a', 'length')));
  await using proxy = await FakeProxy.start({ port: engine.port });
  expect(await runThrough(proxy, engine.port)).toEqual([COMPLETED, COMPLETED, COMPLETED]);
  expect(proxy.authorities).toEqual(['198.18.0.7:8000']);
});

test('a tunnel that the proxy refuses is a failure to connect', async () => {
  await using proxy = await FakeProxy.start(502);
  const refused = {
    ok: false,
    reason: 'ConnectFailed',
    message: 'the engine proxy answered 502 to CONNECT 198.18.0.7:8000',
  };
  expect(await runThrough(proxy, 0)).toEqual([refused, refused, refused]);
});

test('a proxy that does not listen is a failure to connect', async () => {
  const proxy = await FakeProxy.start(502);
  const { url } = proxy;
  await proxy[Symbol.asyncDispose]();
  expect(await runThrough({ url }, 0)).toContainEqual(
    expect.objectContaining({ reason: 'ConnectFailed', message: expect.stringContaining('ECONNREFUSED') }),
  );
});

test.each(['localhost:1234', 'https://proxy', 'nonsense'])('%s is no URL of a proxy', (url) => {
  expect(() => createAgent(url)).toThrow(`the engine proxy is "${url}"; give an http:// URL`);
});
