import { Agent, request, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * vLLM's HTTP server (uvicorn) closes a connection that was idle for 5 s. Ours are dropped before, so that no request
 * is written into a connection that is just being closed.
 */
const IDLE_TIMEOUT_MS = 4_000;

const KEEP_ALIVE: AgentOptions = { keepAlive: true, timeout: IDLE_TIMEOUT_MS };

/** Keeps connections alive for each endpoint, directly or tunnelled through a proxy. */
export function createAgent(engineProxyUrl: string | undefined): Agent {
  return engineProxyUrl === undefined ? new Agent(KEEP_ALIVE) : new ConnectAgent(proxyOf(engineProxyUrl));
}

interface Proxy {
  readonly host: string;
  readonly port: number;
}

function proxyOf(url: string): Proxy {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'http:') {
    throw new TypeError(`the engine proxy is ${JSON.stringify(url)}; give an http:// URL`);
  }
  return { host: parsed.hostname, port: Number(parsed.port === '' ? 80 : parsed.port) };
}

/** Opens connections through HTTP CONNECT; the pool of the base class then keeps the tunnels alive and reuses them. */
class ConnectAgent extends Agent {
  readonly #proxy: Proxy;

  constructor(proxy: Proxy) {
    super(KEEP_ALIVE);
    this.#proxy = proxy;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const endpoint = `${options.host}:${options.port}`;
    let settled = false;
    const settle = (error: Error | null, stream?: Duplex): void => {
      if (settled) return;
      settled = true;
      // Node's types ask for a stream beside an error; its agent looks at the error first.
      callback?.(error, stream as Duplex);
    };
    const tunnel = request({
      ...this.#proxy,
      method: 'CONNECT',
      path: endpoint,
      headers: { host: endpoint },
      agent: false,
    });
    tunnel.setTimeout(CONNECT_TIMEOUT_MS, () => {
      tunnel.destroy(new Error(`the engine proxy did not answer within ${CONNECT_TIMEOUT_MS} ms`));
    });
    tunnel.once('connect', (response, socket) => {
      socket.setTimeout(0);
      if (response.statusCode === 200) return settle(null, socket);
      socket.destroy();
      settle(new Error(`the engine proxy answered ${response.statusCode} to CONNECT ${endpoint}`));
    });
    tunnel.on('error', (error) => settle(error));
    tunnel.end();
    return undefined;
  }
}
