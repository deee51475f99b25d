import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { FaultProxy } from '../../../playground/fault-proxy/fault-proxy.ts';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts';
import { silentLog } from '../../../src/runtime/silent.ts';
import { eventually } from '../playground/eventually.ts';
import { CONFIG_MAP, ConfigMap, never, put, Reflection, remove } from './reflecting.ts';

let pg: Playground;
let proxy: FaultProxy;
/** Goes through the fault proxy, with short patience. */
let faulty: KubeClient;
/** Goes straight to the API server. */
let direct: KubeClient;

beforeAll(async () => {
  pg = await startPlayground();
  const started = await pg.startFaultProxy('admin');
  proxy = started.proxy;
  const common = { userAgent: 'vllm-warden/test', log: silentLog };
  faulty = createKubeClient({
    ...common,
    kubeconfig: started.kubeconfig,
    // Long enough that an answer on a busy machine is not taken for silence.
    requestTimeoutMs: 3_000,
    watchSilenceMs: 3_000,
  });
  direct = createKubeClient({ ...common, kubeconfig: pg.kubeconfig('admin') });
});
afterEach(() => proxy.clearRules());
afterAll(async () => {
  await Promise.all([faulty.close(), direct.close()]);
  await pg.stop();
});

const CONFIG_MAPS = /configmaps/;

/** The watches of one reflection; one that was just ended may still have a request under way. */
function watchesOf(label: string): { path: RegExp; watch: true } {
  return { path: new RegExp(`labelSelector=test%3D${label}&`), watch: true };
}

/** Waits until the reflection shows this value, by whatever way it came. */
async function shows(reflection: Reflection, name: string, value: string): Promise<void> {
  await eventually(() => expect(reflection.store.get(`default/${name}`)?.data['value']).toBe(value));
}

describe('a reflector takes in a change after', () => {
  test.each([
    {
      name: 'a watch that is accepted and never answered (javascript #2432)',
      label: 'half-open',
      action: { kind: 'half-open' },
      failure: 'ApiTimeout',
      lists: 1,
    },
    {
      name: 'a watch that is silent from the start (javascript #596)',
      label: 'silent',
      action: { kind: 'silent' },
      failure: 'ApiTimeout',
      lists: 1,
    },
    {
      name: '410 in answer to a watch',
      label: 'gone',
      action: { kind: 'status', code: 410 },
      failure: 'ApiExpired',
      lists: 2,
    },
    {
      name: '410 inside a watch that was answered with 200 (kubernetes-monitor #1506)',
      label: 'gone-inside',
      action: { kind: 'watch-expired' },
      failure: 'ApiExpired',
      lists: 2,
    },
    {
      name: 'an error that is neither 410 nor a time-out (javascript #1496)',
      label: 'error',
      action: { kind: 'status', code: 500 },
      failure: 'ApiServerError',
      lists: 1,
    },
    {
      name: 'a connection that is cut',
      label: 'cut',
      action: { kind: 'cut' },
      failure: 'ApiUnreachable',
      lists: 1,
    },
  ] as const)('$name', async ({ label, action, failure, lists }) => {
    proxy.addRule({ ...watchesOf(label), times: 1, action });
    await using reflection = new Reflection(faulty, label);
    await reflection.store.whenSynced();
    await put(direct, label, label, 'new');
    await shows(reflection, label, 'new');
    expect(reflection.failures).toContain(failure);
    expect(reflection.lists).toBe(lists);
  });

  test('an open watch falls silent in the middle (javascript #364, #958)', async () => {
    await using reflection = new Reflection(faulty, 'frozen');
    await put(direct, 'frozen', 'frozen', 'before');
    await shows(reflection, 'frozen', 'before');
    await eventually(() => expect(proxy.openWatches(watchesOf('frozen'))).toBeGreaterThan(0));
    proxy.freezeWatches(watchesOf('frozen'));
    await put(direct, 'frozen', 'frozen', 'after');
    await shows(reflection, 'frozen', 'after');
    expect(reflection.failures).toContain('ApiTimeout');
  });

  test('the API server was restarted under it', async () => {
    await using reflection = new Reflection(direct, 'restart');
    await put(direct, 'restart', 'restart', 'before');
    await shows(reflection, 'restart', 'before');
    await pg.restartApiServer();
    await eventually(() => put(direct, 'restart', 'restart', 'after'));
    await shows(reflection, 'restart', 'after');
    expect(reflection.failures.length).toBeGreaterThan(0);
  });
});

describe('a reflector', () => {
  test('learns by the relist what was deleted while its watch was expired (kubernetes #115658)', async () => {
    await put(direct, 'deleted', 'stays', '1');
    await put(direct, 'deleted', 'goes', '1');
    await using reflection = new Reflection(faulty, 'deleted');
    await shows(reflection, 'goes', '1');
    const unblock = proxy.addRule({ ...watchesOf('deleted'), action: { kind: 'half-open' } });
    proxy.cutConnections();
    await remove(direct, 'goes');
    unblock();
    proxy.addRule({ ...watchesOf('deleted'), times: 1, action: { kind: 'status', code: 410 } });
    await eventually(() => expect(reflection.store.keys()).toEqual(['default/stays']));
    expect(reflection.failures).toContain('ApiExpired');
  });

  test('lists again as often as it is told to wait, and no oftener, when a relist meets 429 (KFC #979)', async () => {
    const lists = { path: /configmaps\?.*test%3Dshed/, watch: false };
    const before = proxy.count(lists);
    proxy.addRule({ ...lists, times: 2, action: { kind: 'status', code: 429, retryAfterSeconds: 1 } });
    await using reflection = new Reflection(faulty, 'shed');
    await reflection.store.whenSynced();
    expect(proxy.count(lists) - before).toBe(3);
  });

  test('keeps an object aside that does not fit its schema, and goes on', async () => {
    await using reflection = new Reflection(direct, 'odd');
    const metadata = { namespace: 'default', name: 'odd', labels: { test: 'odd' } };
    await direct.create(CONFIG_MAP, { metadata, immutable: true }, 'test', never);
    await put(direct, 'odd', 'even', '1');
    await shows(reflection, 'even', '1');
    expect(reflection.store.invalid('default/odd')?.message).toMatch(/expected false/);
    expect(reflection.store.get('default/odd')).toBeUndefined();
    expect(reflection.failures).toEqual([]);
  });
});

describe('a write', () => {
  const metadata = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });

  test('that conflicts is not sent again: the caller plans anew', async () => {
    proxy.addRule({ method: 'PATCH', path: /conflict/, action: { kind: 'status', code: 409 } });
    const write = faulty.apply(CONFIG_MAP, { metadata: metadata('conflict') }, 'test', never);
    await expect(write).rejects.toMatchObject({ code: 'ApiConflict' });
    expect(proxy.count({ method: 'PATCH', path: /conflict/ })).toBe(1);
  });

  test('is sent again after 429, when the server says so', async () => {
    proxy.addRule({
      method: 'POST',
      path: CONFIG_MAPS,
      times: 1,
      action: { kind: 'status', code: 429, retryAfterSeconds: 1 },
    });
    await faulty.create(CONFIG_MAP, { metadata: metadata('throttled') }, 'test', never);
    expect(proxy.count({ method: 'POST', path: CONFIG_MAPS })).toBe(2);
  });

  test('leaves a long Retry-After to the caller, with the time', async () => {
    proxy.addRule({ path: /patience/, action: { kind: 'status', code: 429, retryAfterSeconds: 60 } });
    const read = faulty.get(CONFIG_MAP, metadata('patience'), ConfigMap, never);
    await expect(read).rejects.toMatchObject({ code: 'ApiTooManyRequests', retryAfterMs: 60_000 });
  });

  test('by server-side apply is sent again after errors of the server', async () => {
    proxy.addRule({ method: 'PATCH', path: /persist/, times: 2, action: { kind: 'status', code: 500 } });
    const written = await faulty.apply(CONFIG_MAP, { metadata: metadata('persist') }, 'test', never);
    expect(written.name).toBe('persist');
    expect(proxy.count({ method: 'PATCH', path: /persist/ })).toBe(3);
  });

  test('by POST is not sent twice when its answer is lost', async () => {
    const before = proxy.count({ method: 'POST', path: CONFIG_MAPS });
    proxy.addRule({ method: 'POST', path: CONFIG_MAPS, times: 1, action: { kind: 'lose-answer' } });
    const write = faulty.create(CONFIG_MAP, { metadata: metadata('lost') }, 'test', never);
    await expect(write).rejects.toMatchObject({ code: 'ApiUnreachable' });
    expect(proxy.count({ method: 'POST', path: CONFIG_MAPS }) - before).toBe(1);
    expect(await direct.get(CONFIG_MAP, metadata('lost'), ConfigMap, never)).toBeDefined();
  });

  test('that hangs ends by its time-out, or at once by its signal', async () => {
    proxy.addRule({ path: /hanging/, action: { kind: 'half-open' } });
    const timed = faulty.apply(CONFIG_MAP, { metadata: metadata('hanging') }, 'test', never);
    await expect(timed).rejects.toMatchObject({ code: 'ApiTimeout' });
    const cancel = new AbortController();
    const cancelled = faulty.apply(CONFIG_MAP, { metadata: metadata('hanging') }, 'test', cancel.signal);
    cancel.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'Aborted' });
  });
});
