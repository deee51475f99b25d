import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { PooledKubeConfig, type KubeConfigOptions } from './config.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});
afterAll(() => rm(folder, { recursive: true }));

function load(options: KubeConfigOptions, clock = new ManualClock()): PooledKubeConfig {
  return PooledKubeConfig.load(options, clock);
}

interface Parts {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
}

async function kubeconfig({
  server = 'https://127.0.0.1:6443',
  cluster = {},
  user = { token: 't0ken' },
}: Parts): Promise<string> {
  const path = join(folder, 'config');
  const config = {
    'current-context': 'one',
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

describe('a kubeconfig that cannot work is refused with what to do about it', () => {
  test('a file that is not there', () => {
    expect(() => load({ kubeconfig: join(folder, 'none') })).toThrow(/cannot be read: ENOENT.*none/);
  });

  test('a context that it does not have', async () => {
    const path = await kubeconfig({});
    expect(() => load({ kubeconfig: path, context: 'two' })).toThrow(
      expect.objectContaining({
        code: 'KubeconfigInvalid',
        message: 'the kubeconfig has no context "two".',
        remedy: 'Pass --context with one of: one.',
      }),
    );
  });

  test('a server without TLS, which would see the token', async () => {
    const path = await kubeconfig({ server: 'http://10.0.0.1:8080' });
    expect(() => load({ kubeconfig: path })).toThrow(/in the clear/);
  });

  test('a server that is no address', async () => {
    const path = await kubeconfig({ server: 'not an address' });
    expect(() => load({ kubeconfig: path })).toThrow(/no cluster with a usable server address/);
  });
});

describe('credentials', () => {
  test.each([
    { name: 'a token', user: { token: 't0ken' }, header: 'Bearer t0ken' },
    { name: 'a password', user: { username: 'me', password: 'pass' }, header: 'Basic bWU6cGFzcw==' },
  ])('$name goes into the header', async ({ user, header }) => {
    const config = load({ kubeconfig: await kubeconfig({ user }) });
    expect((await config.authorize()).headers).toMatchObject({ authorization: header });
    await config.close();
  });
});

describe('connections are pooled (javascript #2893)', () => {
  test('requests share one pool, watches another, for as long as the TLS material stays; a new CA makes new ones', async () => {
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, 'first');
    const config = load({
      kubeconfig: await kubeconfig({ cluster: { 'certificate-authority': ca } }),
    });
    const first = await config.authorize();
    config.forgetCredentials();
    const second = await config.authorize();
    expect([second.requests === first.requests, second.watches === first.watches]).toEqual([true, true]);
    expect(first.requests).not.toBe(first.watches);

    await writeFile(ca, 'rotated');
    config.forgetCredentials();
    const third = await config.authorize();
    expect(third.requests).not.toBe(first.requests);
    await config.close();
  });

  test('credentials are read again after ten seconds, not for each request', async () => {
    const clock = new ManualClock();
    const config = load({ kubeconfig: await kubeconfig({}) }, clock);
    const first = config.authorize();
    await clock.advance(10_000);
    expect(config.authorize()).toBe(first);
    await clock.advance(1);
    expect(config.authorize()).not.toBe(first);
    await config.close();
  });
});

test('a helper program that hangs does not hang the request', async () => {
  const clock = new ManualClock();
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['0.2'] };
  const config = load({ kubeconfig: await kubeconfig({ user: { exec } }) }, clock);
  const authorized = config.authorize();
  const [outcome] = await Promise.all([authorized.catch((error: unknown) => error), clock.advance(30_000)]);
  expect(outcome).toMatchObject({ code: 'ApiTimeout' });
  await config.close();
});
