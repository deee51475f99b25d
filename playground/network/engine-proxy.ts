import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PodNetwork } from './pod-network.ts';

/** One connection from a client to a pod's port. */
interface Tunnel {
  readonly podIP: string;
  readonly client: Duplex;
  readonly engine: Socket;
}

/**
 * An HTTP proxy on loopback that carries `CONNECT 198.18.x.y:port` to the engine behind that pod address. What a
 * client of a real pod network would see as an error of its own connection is an answer of the proxy here:
 * 503 = no such pod (no route), 502 = the pod refuses the connection.
 */
export class EngineProxy {
  readonly network: PodNetwork;
  readonly #server: Server;
  readonly #clients = new Set<Duplex>();
  readonly #tunnels = new Set<Tunnel>();
  /** CONNECTs that a black hole swallowed; they go on once it ends. */
  readonly #swallowed = new Map<string, (() => void)[]>();

  private constructor(network: PodNetwork) {
    this.network = network;
    this.#server = createServer((_, response) => {
      response.writeHead(405, { 'content-type': 'text/plain' });
      response.end('this proxy carries only CONNECT\n');
    });
    this.#server.on('connect', (request, client) => this.#connect(request, client));
  }

  static async start(network: PodNetwork): Promise<EngineProxy> {
    const proxy = new EngineProxy(network);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** For `--engine-proxy`. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the engine proxy is not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Breaks every open connection to the pod. */
  cut(podIP: string): void {
    for (const tunnel of this.#tunnels) {
      if (tunnel.podIP !== podIP) continue;
      tunnel.client.destroy();
      tunnel.engine.destroy();
    }
  }

  /** Applies a change of the pod's fault to connections that are open or waiting. */
  faultChanged(podIP: string): void {
    const dark = this.network.faultOf(podIP)?.kind === 'black-hole';
    for (const tunnel of this.#tunnels) {
      if (tunnel.podIP !== podIP) continue;
      if (dark) separate(tunnel);
      else join(tunnel);
    }
    if (dark) return;
    const waiting = this.#swallowed.get(podIP) ?? [];
    this.#swallowed.delete(podIP);
    for (const proceed of waiting) proceed();
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    for (const { engine } of this.#tunnels) engine.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #connect(request: IncomingMessage, client: Duplex): void {
    this.#clients.add(client);
    client.on('close', () => this.#clients.delete(client));
    // The client's going is told by 'close'; without a listener its reset would end this process.
    client.on('error', () => undefined);
    const target = /^(?<podIP>[\d.]+):(?<port>\d+)$/.exec(request.url ?? '')?.groups;
    const podIP = target?.['podIP'] ?? '';
    const port = Number(target?.['port']);
    const fault = this.network.faultOf(podIP);
    const open = (): void => this.#open(podIP, port, client);
    if (fault?.kind === 'delay') setTimeout(open, fault.ms);
    else if (fault?.kind === 'black-hole') this.#swallow(podIP, open);
    else open();
  }

  #swallow(podIP: string, proceed: () => void): void {
    const waiting = this.#swallowed.get(podIP) ?? [];
    this.#swallowed.set(podIP, [...waiting, proceed]);
  }

  #open(podIP: string, port: number, client: Duplex): void {
    if (client.destroyed) return;
    if (!this.network.has(podIP)) return refuse(client, 503, `no pod has the address ${podIP}`);
    const loopbackPort = this.network.resolve(podIP, port);
    if (loopbackPort === undefined || this.network.faultOf(podIP)?.kind === 'refuse') {
      return refuse(client, 502, `${podIP}:${port} refuses the connection`);
    }
    const engine = connect(loopbackPort, '127.0.0.1');
    const tunnel: Tunnel = { podIP, client, engine };
    const refused = (error: Error): void => refuse(client, 502, error.message);
    engine.once('error', refused);
    client.once('close', () => engine.destroy());
    engine.once('connect', () => {
      engine.off('error', refused);
      engine.on('error', () => undefined);
      engine.once('close', () => {
        this.#tunnels.delete(tunnel);
        client.destroy();
      });
      this.#tunnels.add(tunnel);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (this.network.faultOf(podIP)?.kind !== 'black-hole') join(tunnel);
    });
  }
}

function join({ client, engine }: Pick<Tunnel, 'client' | 'engine'>): void {
  separate({ client, engine });
  client.pipe(engine);
  engine.pipe(client);
}

function separate({ client, engine }: Pick<Tunnel, 'client' | 'engine'>): void {
  client.unpipe(engine);
  engine.unpipe(client);
  client.pause();
  engine.pause();
}

function refuse(client: Duplex, status: 502 | 503, why: string): void {
  const text = status === 502 ? 'Bad Gateway' : 'Service Unavailable';
  const body = `${why}\n`;
  client.end(
    `HTTP/1.1 ${status} ${text}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}
