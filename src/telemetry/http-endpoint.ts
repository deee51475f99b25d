import { createServer, type Server, type ServerResponse } from 'node:http';
import { WardenError } from '../errors.ts';
import { parseListenAddress } from './listen-address.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string;
}

/** Answers GET by path. */
export type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>;

export interface HttpEndpoint {
  /** The port that is bound, also when port 0 asked for any. */
  readonly port: number;
  /** Ends at once: who asks for health or metrics asks again. */
  close(): Promise<void>;
}

/** A client that is slower than this is none of kubelet or Prometheus. */
const REQUEST_TIMEOUT_MS = 10_000;

const MAX_CONNECTIONS = 100;

/**
 * Serves a few fixed paths. Only GET and HEAD; bodies are not read; slow or too many clients are dropped.
 *
 * @param flag the option that names the address, for errors
 * @throws WardenError `ConfigInvalid` when the address cannot be read or bound
 */
export async function startHttpEndpoint(
  flag: string,
  address: string,
  routes: Routes,
): Promise<HttpEndpoint> {
  const { host, port } = parseListenAddress(flag, address);
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    void answer(routes, request.method, path).then((answered) => send(response, answered));
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(flag, address, error)));
    server.listen({ host, port }, resolve);
  });
  return { port: boundPort(server), close: () => closeServer(server) };
}

async function answer(routes: Routes, method: string | undefined, path: string): Promise<Answer> {
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined)
    return { status: 404, body: `not found; try ${Object.keys(routes).join(' or ')}\n` };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET and HEAD\n' };
  try {
    return await route();
  } catch (error) {
    return { status: 500, body: `${String(error)}\n` };
  }
}

function send(response: ServerResponse, { status, body, contentType }: Answer): void {
  response.writeHead(status, { 'content-type': contentType ?? 'text/plain; charset=utf-8' });
  response.end(body);
}

function boundPort(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError('the server listens on no TCP port');
  return bound.port;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function cannotListen(flag: string, address: string, cause: Error): WardenError {
  return new WardenError('ConfigInvalid', `${flag} ${address} cannot be bound: ${cause.message}.`, {
    remedy: 'Give another port, or :0 for one that is free.',
    cause,
  });
}
