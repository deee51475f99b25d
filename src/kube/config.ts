import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici';
import { WardenError } from '../errors.ts';
import type { Clock } from '../runtime/ports.ts';

export interface KubeConfigOptions {
  /** Path of a kubeconfig. Without it: KUBECONFIG, ~/.kube/config, then the pod's ServiceAccount. */
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/**
 * Requests and watches have pools of their own, so that watches, which hold a connection for minutes,
 * never starve requests. HTTP/1.1 for both: a dead connection then stalls one request, where a dead
 * HTTP/2 session stalls all that share it (kubernetes #65012).
 */
interface Pools {
  readonly requests: Dispatcher;
  readonly watches: Dispatcher;
}

/** What one request needs beside its own path. */
export interface Authorized extends Pools {
  readonly headers: Readonly<Record<string, string>>;
}

const REQUEST_CONNECTIONS = 32;
const CONNECT = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 };

/** Credentials rotate in files or come from a helper program: what was read is used this long. */
const CREDENTIALS_FRESH_MS = 10_000;

/** A helper program (exec, OIDC) may wait for a person or a network of its own. */
const CREDENTIALS_TIMEOUT_MS = 30_000;

/**
 * Authentication and connections. client-node reads kubeconfigs and obtains tokens; its own agents are
 * not used, since it makes one for each request, which means a TLS handshake for each request.
 */
export class PooledKubeConfig {
  readonly server: URL;
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  #authorized: { readonly at: number; readonly value: Promise<Authorized> } | undefined;
  #pools: (Pools & { readonly key: string }) | undefined;

  private constructor(config: KubeConfig, server: URL, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.server = server;
  }

  /** @throws WardenError `KubeconfigInvalid` that names the file, context or address and the remedy */
  static load(options: KubeConfigOptions, clock: Clock): PooledKubeConfig {
    const config = readConfig(options);
    const cluster = config.getCurrentCluster();
    const address = cluster?.server;
    if (address === undefined || !URL.canParse(address)) {
      throw new WardenError(
        'KubeconfigInvalid',
        `context "${config.currentContext}" names no cluster with a usable server address (${address ?? 'none'}).`,
        { remedy: 'Correct the kubeconfig or choose another with --kubeconfig.' },
      );
    }
    const server = new URL(address);
    if (server.protocol === 'http:' && cluster?.skipTLSVerify !== true) {
      throw new WardenError(
        'KubeconfigInvalid',
        `the server address ${address} would send credentials in the clear.`,
        {
          remedy:
            'Use an https address, or set insecure-skip-tls-verify: true on the cluster (a local proxy).',
        },
      );
    }
    return new PooledKubeConfig(config, server, clock);
  }

  /** Headers and connection pool for the next request; read anew every ten seconds. */
  authorize(): Promise<Authorized> {
    const now = this.#clock.monotonic();
    if (this.#authorized === undefined || now - this.#authorized.at > CREDENTIALS_FRESH_MS) {
      this.#authorized = { at: now, value: this.#bounded(this.#read()) };
      this.#authorized.value.catch(() => this.forgetCredentials());
    }
    return this.#authorized.value;
  }

  /** After a 401: the next request reads the credentials anew. */
  forgetCredentials(): void {
    this.#authorized = undefined;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await Promise.all([this.#pools?.requests.destroy(), this.#pools?.watches.destroy()]);
  }

  async #bounded(read: Promise<Authorized>): Promise<Authorized> {
    const limit = Promise.withResolvers<never>();
    const cancel = this.#clock.after(CREDENTIALS_TIMEOUT_MS, () =>
      limit.reject(
        new WardenError('ApiTimeout', `no credentials within ${CREDENTIALS_TIMEOUT_MS / 1000} s`, {
          remedy: 'Run the helper program that the kubeconfig names (users[].user.exec) by hand.',
        }),
      ),
    );
    return Promise.race([read, limit.promise]).finally(cancel);
  }

  async #read(): Promise<Authorized> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const headers = stringHeaders(options.headers);
    if (typeof options.auth === 'string') {
      headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    const { ca, cert, key, passphrase, pfx, rejectUnauthorized, servername } = options;
    const tls = definedOnly({ ca, cert, key, passphrase, pfx, rejectUnauthorized, servername });
    return { headers, ...this.#poolsFor(tls) };
  }

  /** The same pools for as long as the TLS material stays the same; they survive the rotation of a token. */
  #poolsFor(tls: TlsOptions): Pools {
    const proxy = this.#config.getCurrentCluster()?.proxyUrl;
    const key = createHash('sha256').update(JSON.stringify({ tls, proxy })).digest('base64');
    if (this.#pools?.key === key) return this.#pools;
    // What is under way finishes on the old pools, which then close by themselves.
    void this.#pools?.requests.close().catch(() => undefined);
    void this.#pools?.watches.close().catch(() => undefined);
    this.#pools = {
      key,
      requests: newDispatcher(tls, proxy, { allowH2: false, connections: REQUEST_CONNECTIONS }),
      watches: newDispatcher(tls, proxy, { allowH2: false }),
    };
    return this.#pools;
  }
}

type TlsOptions = {
  [K in 'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'rejectUnauthorized' | 'servername']?: Exclude<
    RequestOptions[K],
    undefined
  >;
};

function readConfig(options: KubeConfigOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WardenError('KubeconfigInvalid', `the kubeconfig cannot be read: ${reason}.`, {
      remedy: 'Pass --kubeconfig with the path of a readable kubeconfig.',
      cause: error,
    });
  }
  if (options.context !== undefined) {
    if (config.getContextObject(options.context) === null) {
      const known = config.contexts.map(({ name }) => name).join(', ');
      throw new WardenError('KubeconfigInvalid', `the kubeconfig has no context "${options.context}".`, {
        remedy: `Pass --context with one of: ${known === '' ? '(it has none)' : known}.`,
      });
    }
    config.setCurrentContext(options.context);
  }
  return config;
}

function newDispatcher(
  tls: TlsOptions,
  proxy: string | undefined,
  pool: { readonly allowH2: boolean; readonly connections?: number },
): Dispatcher {
  if (proxy === undefined) return new Agent({ ...pool, connect: { ...CONNECT, ...tls } });
  if (proxy.startsWith('socks')) return new Socks5ProxyAgent(proxy, { ...pool, requestTls: tls });
  return new ProxyAgent({ ...pool, uri: proxy, connect: CONNECT, requestTls: tls, proxyTunnel: true });
}

function stringHeaders(headers: RequestOptions['headers']): Record<string, string> {
  const entries = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return Object.fromEntries(entries);
}

function definedOnly<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> };
function definedOnly(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
