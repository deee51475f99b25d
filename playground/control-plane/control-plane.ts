import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { AUDIT_POLICY, readAuditLog, type AuditEvent } from './audit.ts';
import {
  USERS,
  writeKubeconfig,
  writeServiceAccountKeys,
  writeTokens,
  type Tokens,
  type User,
} from './credentials.ts';
import { freePorts } from './ports.ts';
import type { Provider, ServerRole } from './provider.ts';
import {
  apiCertificate,
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  schedulerFlags,
  type ServerPaths,
} from './server-flags.ts';
import { startServer, type ServerProcess } from './server-process.ts';

const READY_TIMEOUT_MS = 120_000;
const READY_POLL_MS = 100;

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback ports, all state in one temp folder. */
export class ControlPlane {
  /** Base URL of the API server. */
  readonly url: string;
  readonly directory: string;
  readonly #provider: Provider;
  readonly #paths: ServerPaths;
  readonly #tokens: Tokens;
  readonly #servers = new Map<ServerRole, ServerProcess>();
  readonly #onExit = (): void => this.#killAndRemove();

  private constructor(provider: Provider, paths: ServerPaths, tokens: Tokens) {
    this.#provider = provider;
    this.#paths = paths;
    this.#tokens = tokens;
    this.directory = paths.directory;
    this.url = `https://127.0.0.1:${paths.apiPort}`;
    process.once('exit', this.#onExit);
  }

  /** Starts all servers and resolves once the API server is ready. */
  static async start(provider: Provider): Promise<ControlPlane> {
    const directory = mkdtempSync(join(tmpdir(), 'vllm-warden-playground-'));
    const [paths, tokens] = await prepare(directory);
    const plane = new ControlPlane(provider, paths, tokens);
    try {
      plane.#start('etcd', etcdFlags(paths));
      await plane.startApiServer();
      for (const user of USERS) {
        await writeKubeconfig(plane.kubeconfig(user), {
          server: plane.url,
          token: tokens[user],
          ca: plane.ca,
        });
      }
      plane.#start(
        'controller-manager',
        controllerManagerFlags(paths, plane.kubeconfig('controller-manager')),
      );
      plane.#start('scheduler', schedulerFlags(plane.kubeconfig('scheduler')));
    } catch (error) {
      await plane.stop();
      throw error;
    }
    return plane;
  }

  /** The API server's certificate authority, PEM. */
  get ca(): string {
    return readFileSync(apiCertificate(this.#paths).cert, 'utf8');
  }

  /** The key of the API server's certificate, PEM. */
  get key(): string {
    return readFileSync(apiCertificate(this.#paths).key, 'utf8');
  }

  /** Path of the user's kubeconfig. */
  kubeconfig(user: User): string {
    return join(this.directory, `${user}.kubeconfig`);
  }

  token(user: User): string {
    return this.#tokens[user];
  }

  auditEvents(): Promise<AuditEvent[]> {
    return readAuditLog(this.#paths.auditLogFile);
  }

  /** Starts the API server on its port and waits until it is ready. */
  async startApiServer(): Promise<void> {
    const server = this.#start('apiserver', apiServerFlags(this.#paths));
    const etcd = this.#servers.get('etcd');
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await this.#isReady())) {
      const failure = server.failure() ?? etcd?.failure();
      if (failure !== undefined) throw new Error(failure);
      if (Date.now() > deadline)
        throw new Error(`the API server was not ready within ${READY_TIMEOUT_MS / 1000} s`);
      await sleep(READY_POLL_MS);
    }
  }

  /** Kills the API server, as a crash would; its port and all state stay for `startApiServer`. */
  async stopApiServer(): Promise<void> {
    const server = this.#servers.get('apiserver');
    server?.kill();
    await server?.exited;
  }

  /** Kills every server and removes the folder; idempotent. */
  async stop(): Promise<void> {
    process.off('exit', this.#onExit);
    for (const server of this.#servers.values()) server.kill();
    await Promise.all([...this.#servers.values()].map((server) => server.exited));
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #start(role: ServerRole, flags: readonly string[]): ServerProcess {
    const executable = this.#provider.server(role, this.directory);
    const server = startServer(role, executable, flags, join(this.directory, 'logs', `${role}.log`));
    this.#servers.set(role, server);
    return server;
  }

  async #isReady(): Promise<boolean> {
    let ca: string;
    try {
      ca = this.ca;
    } catch {
      return false; // it has not signed its certificate yet
    }
    const agent = new Agent({ connect: { ca } });
    try {
      const { statusCode, body } = await request(`${this.url}/readyz`, {
        dispatcher: agent,
        signal: AbortSignal.timeout(2000),
      });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false; // refused or half-written certificate: it is starting
    } finally {
      await agent.destroy();
    }
  }

  #killAndRemove(): void {
    for (const server of this.#servers.values()) server.kill();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Writes all files that the servers read, and fixes their ports. */
async function prepare(directory: string): Promise<[ServerPaths, Tokens]> {
  const certificates = join(directory, 'certificates');
  await mkdir(join(directory, 'logs'));
  await mkdir(certificates);
  const keys = await writeServiceAccountKeys(certificates);
  const [etcdPort = 0, etcdPeerPort = 0, apiPort = 0] = await freePorts(3);
  const paths: ServerPaths = {
    directory,
    certificates,
    etcdPort,
    etcdPeerPort,
    apiPort,
    tokenFile: join(certificates, 'tokens.csv'),
    auditPolicyFile: join(directory, 'audit-policy.yaml'),
    auditLogFile: join(directory, 'logs', 'audit.log'),
    serviceAccountPrivateKey: keys.privateKey,
    serviceAccountPublicKey: keys.publicKey,
  };
  await writeFile(paths.auditPolicyFile, AUDIT_POLICY);
  return [paths, await writeTokens(paths.tokenFile)];
}
