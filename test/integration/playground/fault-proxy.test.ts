import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { parse } from 'yaml';
import { z } from 'zod';
import type { FaultProxy } from '../../../playground/fault-proxy/fault-proxy.ts';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';

let pg: Playground;
let proxy: FaultProxy;
let kubeconfig: string;
let dispatcher: Agent;
let headers: { authorization: string };

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const WATCH = `${CONFIG_MAPS}?watch=true`;

const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ 'certificate-authority-data': z.string() }) })]),
  users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]),
});

beforeAll(async () => {
  pg = await startPlayground();
  ({ proxy, kubeconfig } = await pg.startFaultProxy());
  await pg.bindOperator([{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }]);
  const { clusters, users } = kubeconfigSchema.parse(parse(await readFile(kubeconfig, 'utf8')));
  const ca = Buffer.from(clusters[0].cluster['certificate-authority-data'], 'base64').toString('utf8');
  dispatcher = new Agent({ connect: { ca } });
  headers = { authorization: `Bearer ${users[0].user.token}` };
});

afterEach(() => {
  proxy.clearRules();
});

afterAll(async () => {
  await dispatcher.destroy();
  await pg.stop();
});

function get(path: string, signal: AbortSignal = AbortSignal.timeout(20_000)): ReturnType<typeof request> {
  return request(`${proxy.url}${path}`, { headers, signal, dispatcher });
}

function createConfigMap(name: string): Promise<unknown> {
  return pg.call(z.unknown(), 'POST', CONFIG_MAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
  });
}

test('without rules the operator has its own rights through the proxy', async () => {
  expect((await get(CONFIG_MAPS)).statusCode).toBe(200);
  expect((await get('/api/v1/namespaces/default/secrets')).statusCode).toBe(403);
  const { stdout, stderr } = await pg.kubectl([
    'get',
    'configmaps',
    `--kubeconfig=${kubeconfig}`,
    '-o',
    'name',
  ]);
  expect(stdout + stderr).toContain('configmap/kube-root-ca.crt');
});

test.each([
  { code: 409, reason: 'Conflict' },
  { code: 410, reason: 'Expired' },
  { code: 500, reason: 'InternalError' },
] as const)(
  'status $code has the body of the API server, for as many requests as the rule says',
  async (row) => {
    proxy.addRule({
      method: 'GET',
      path: /configmaps$/,
      times: 1,
      action: { kind: 'status', code: row.code },
    });
    const failed = await get(CONFIG_MAPS);
    expect(failed.statusCode).toBe(row.code);
    expect(await failed.body.json()).toMatchObject({ kind: 'Status', status: 'Failure', ...row });
    expect((await get(CONFIG_MAPS)).statusCode, 'the rule is spent').toBe(200);
  },
);

test('429 says when to come back, in the header and in the body', async () => {
  proxy.addRule({ action: { kind: 'status', code: 429, retryAfterSeconds: 7 } });
  const { statusCode, headers: answered, body } = await get(CONFIG_MAPS);
  expect([statusCode, answered['retry-after']]).toEqual([429, '7']);
  expect(await body.json()).toMatchObject({ reason: 'TooManyRequests', details: { retryAfterSeconds: 7 } });
});

test('an expired watch starts with 200 and carries one ERROR event of code 410', async () => {
  proxy.addRule({ watch: true, action: { kind: 'watch-expired' } });
  const { statusCode, body } = await get(WATCH);
  expect(statusCode).toBe(200);
  expect(JSON.parse(await body.text())).toMatchObject({
    type: 'ERROR',
    object: { code: 410, reason: 'Expired' },
  });
  expect((await get(CONFIG_MAPS)).statusCode, 'lists are not watches').toBe(200);
});

test('a slow request is answered all the same, and the counters see every request', async () => {
  proxy.addRule({ path: /limit=1$/, action: { kind: 'slow', ms: 300 } });
  const before = proxy.count({ method: 'GET', path: /configmaps/ });
  expect((await get(`${CONFIG_MAPS}?limit=1`)).statusCode).toBe(200);
  expect(proxy.count({ method: 'GET', path: /configmaps/ })).toBe(before + 1);
  expect(proxy.requests().at(-1)).toEqual({ method: 'GET', path: `${CONFIG_MAPS}?limit=1`, watch: false });
});

test('a half-open connection never answers', async () => {
  proxy.addRule({ action: { kind: 'half-open' } });
  await expect(get(CONFIG_MAPS, AbortSignal.timeout(300))).rejects.toThrow(/timeout/);
});

test('a silent watch sends its headers and nothing more', async () => {
  proxy.addRule({ watch: true, action: { kind: 'silent' } });
  const { statusCode, body } = await get(WATCH, AbortSignal.timeout(500));
  expect(statusCode).toBe(200);
  await expect(body.text()).rejects.toThrow(/timeout/);
});

test('a lost answer: the API server has acted, the client sees a broken connection', async () => {
  proxy.addRule({ method: 'POST', times: 1, action: { kind: 'lose-answer' } });
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'lost' } });
  const post = request(`${proxy.url}${CONFIG_MAPS}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
    dispatcher,
  });
  await expect(post).rejects.toThrow(/closed|socket/);
  expect((await pg.request('GET', `${CONFIG_MAPS}/lost`)).status).toBe(200);
});

test('a cut request never reaches the API server', async () => {
  proxy.addRule({ method: 'DELETE', action: { kind: 'cut' } });
  await createConfigMap('uncut');
  const cut = request(`${proxy.url}${CONFIG_MAPS}/uncut`, { method: 'DELETE', headers, dispatcher });
  await expect(cut).rejects.toThrow(/closed|socket/);
  expect((await pg.request('GET', `${CONFIG_MAPS}/uncut`)).status).toBe(200);
});

describe('a watch that is already open', () => {
  /** Opens a watch, waits for its first event, and collects what comes after. */
  async function openWatch(): Promise<{ text: () => string; ended: Promise<unknown>; abort: () => void }> {
    const controller = new AbortController();
    const { body } = await get(WATCH, controller.signal);
    let text = '';
    body.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const ended = new Promise((resolve) => {
      body.once('end', () => resolve('ended'));
      body.once('error', () => resolve('broken'));
    });
    await eventually(() => expect(text).toContain('kube-root-ca.crt'));
    return { text: () => text, ended, abort: () => controller.abort() };
  }

  test('can be frozen: it stays open and carries no event', async () => {
    const frozen = await openWatch();
    proxy.freezeWatches({ path: /configmaps/ });
    const other = await openWatch();
    await createConfigMap('unseen');
    await eventually(() => expect(other.text()).toContain('unseen'));
    expect(frozen.text()).not.toContain('unseen');
    expect(proxy.openWatches({ path: /configmaps/ })).toBe(2);
    frozen.abort();
    other.abort();
    await eventually(() => expect(proxy.openWatches()).toBe(0));
  });

  test('can expire: it ends with ERROR 410', async () => {
    const watch = await openWatch();
    proxy.expireWatches();
    expect(await watch.ended).toBe('ended');
    expect(JSON.parse(watch.text().trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'ERROR',
      object: { code: 410 },
    });
  });

  test('can be cut', async () => {
    const watch = await openWatch();
    proxy.cutConnections();
    expect(await watch.ended).toBe('broken');
  });
});
