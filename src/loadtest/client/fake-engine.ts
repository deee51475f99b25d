import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Target } from './target.ts';

export type Answer = (response: ServerResponse, body: unknown, request: IncomingMessage) => unknown;

/** One server-sent event for each object, then what ends a stream. */
export function sendStream(response: ServerResponse, ...chunks: readonly object[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  response.end('data: [DONE]\n\n');
}

export const token = (text: string, finish_reason: string | null = null): object => ({
  choices: [{ index: 0, text, finish_reason }],
});

export const usage = (prompt_tokens: number, completion_tokens: number): object => ({
  choices: [],
  usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
});

/** A server on loopback that answers completions as a test says. For tests. */
export class FakeEngine implements AsyncDisposable {
  readonly #server;
  /** Connections that were ever opened. */
  connections = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: Answer) {
    this.#server = createServer((request, response) => {
      void json(request).then((body) => answer(response, body, request));
    });
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
    });
  }

  static async start(answer: Answer): Promise<FakeEngine> {
    const engine = new FakeEngine(answer);
    await new Promise<void>((resolve) => engine.#server.listen(0, '127.0.0.1', resolve));
    return engine;
  }

  get port(): number {
    return portOf(this.#server.address());
  }

  get target(): Target {
    return { name: 'fake', host: '127.0.0.1', port: this.port, path: '/v1/completions' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string')
    throw new Error('the server does not listen on a port');
  return address.port;
}
