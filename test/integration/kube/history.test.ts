import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { installWarden, OPERATOR_NAMESPACE } from '../../../playground/warden/install.ts';
import { FIELD_MANAGERS } from '../../../src/api/v1alpha1/constants.ts';
import { HISTORY_LABEL, HistoryStore } from '../../../src/history/history-store.ts';
import { createKubeClient, type OperatorKubeClient } from '../../../src/kube/client.ts';
import { ManualClock } from '../../../src/runtime/manual-clock.ts';
import { silentLog } from '../../../src/runtime/silent.ts';
import { eventually } from '../playground/eventually.ts';
import { never } from './reflecting.ts';

const MINUTE = 60_000;
const MAPS = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps`;

const ConfigMap = z.object({
  metadata: z.object({
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    managedFields: z.array(z.object({ manager: z.string() })),
  }),
  data: z.record(z.string(), z.string()),
});

let pg: Playground;
/** With the rights that the chart gives, and no others. */
let kube: OperatorKubeClient;

beforeAll(async () => {
  pg = await startPlayground();
  await installWarden(pg);
  kube = createKubeClient({
    kubeconfig: pg.kubeconfig('operator'),
    userAgent: 'vllm-warden/test',
    log: silentLog,
  });
});
afterAll(async () => {
  await kube.close();
  await pg.stop();
});

/** A leader's store, whose time moves only by `pass`. */
class Leader implements AsyncDisposable {
  readonly store: HistoryStore;
  readonly living: Set<string>;
  readonly #clock = new ManualClock();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(...living: readonly string[]) {
    this.living = new Set(living);
    this.store = new HistoryStore({
      maps: kube.configMaps(OPERATOR_NAMESPACE, FIELD_MANAGERS.history),
      clock: this.#clock,
      random: () => 0.5,
      log: silentLog,
      livingFleets: () => this.living,
    });
    this.#running = this.store.run(this.#stop.signal);
  }

  /** Each step begins once the requests of the one before have been answered. */
  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 5_000) {
      await this.#idle();
      await this.#clock.advance(5_000);
    }
    await this.#idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #idle(): Promise<void> {
    while (this.#clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

const mapOf = (uid: string): string => `${MAPS}/vllm-warden-history-${uid}`;
const textOf = async (uid: string): Promise<string | undefined> =>
  (await pg.call(ConfigMap, 'GET', mapOf(uid))).data['history.json'];
const exists = async (uid: string): Promise<boolean> => (await pg.request('GET', mapOf(uid))).status === 200;

function put(name: string, content: object): Promise<unknown> {
  const labels = { [HISTORY_LABEL]: 'true' };
  return pg.call(z.unknown(), 'POST', MAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels },
    ...content,
  });
}

test('a history outlives the leader that wrote it, under its own field manager', async () => {
  {
    await using first = new Leader('a');
    expect(await first.store.load('a', never)).toEqual({ kind: 'None' });
    first.store.save('a', 'default/chat', '{"version":1}');
    await first.pass(MINUTE);
    expect(first.store.problem('a')).toBeUndefined();
  }
  const { metadata } = await pg.call(ConfigMap, 'GET', mapOf('a'));
  expect(metadata.labels).toMatchObject({ [HISTORY_LABEL]: 'true' });
  expect(metadata.annotations).toMatchObject({ 'vllm.warden.dev/history-of': 'default/chat' });
  expect(metadata.managedFields.map(({ manager }) => manager)).toEqual(['vllm-warden-history']);
  await using second = new Leader('a');
  expect(await second.store.load('a', never)).toEqual({ kind: 'Loaded', text: '{"version":1}' });
});

test('a history is written again after ten minutes, over what somebody made of it meanwhile', async () => {
  await using leader = new Leader('a', 'b');
  await leader.store.load('b', never);
  leader.store.save('b', 'default/chat', 'one');
  await leader.pass(MINUTE);
  await pg.call(
    z.unknown(),
    'PATCH',
    mapOf('b'),
    { data: { 'history.json': 'meddled' } },
    'application/merge-patch+json',
  );
  leader.store.save('b', 'default/chat', 'two');
  await leader.pass(8 * MINUTE);
  expect(await textOf('b')).toBe('meddled');
  await leader.pass(3 * MINUTE);
  expect(await textOf('b')).toBe('two');
  await pg.call(z.unknown(), 'DELETE', mapOf('b'));
  leader.store.save('b', 'default/chat', 'three');
  await leader.pass(11 * MINUTE);
  expect(await textOf('b')).toBe('three');
});

test.each([
  ['holds bytes', { binaryData: { 'history.json': 'AAAA' } }, 'binaryData'],
  ['is far too large', { data: { 'history.json': 'x'.repeat(100_000) } }, 'more than 65536 characters'],
  ['holds something else', { data: { 'other.json': '{}' } }, 'it has no history.json'],
])('an object that %s is told, and makes room for a history', async (what, content, says) => {
  const uid = what.replaceAll(' ', '-');
  await put(`vllm-warden-history-${uid}`, content);
  await using leader = new Leader('a', 'b', uid);
  const loaded = await leader.store.load(uid, never);
  expect(loaded).toMatchObject({ kind: 'Unreadable' });
  expect('message' in loaded && loaded.message).toContain(says);
  leader.store.save(uid, 'default/chat', 'afresh');
  await leader.pass(MINUTE);
  expect(await leader.store.load(uid, never)).toEqual({ kind: 'Loaded', text: 'afresh' });
});

test('histories of fleets that are gone are deleted, objects of others are not', async () => {
  await put('vllm-warden-history-gone', { data: { 'history.json': 'old' } });
  await put('somebody-elses', {});
  await using leader = new Leader('a', 'b');
  await leader.pass(5_000);
  await eventually(async () => expect(await exists('gone')).toBe(false));
  expect(await exists('a')).toBe(true);
  expect((await pg.request('GET', `${MAPS}/somebody-elses`)).status).toBe(200);
  leader.living.delete('b');
  await leader.pass(61 * MINUTE);
  expect(await exists('b')).toBe(false);
  expect(await exists('a')).toBe(true);
});

test('in other namespaces the operator may not touch ConfigMaps, and says so', async () => {
  const elsewhere = new HistoryStore({
    maps: kube.configMaps('default', FIELD_MANAGERS.history),
    clock: new ManualClock(),
    random: () => 0.5,
    log: silentLog,
    livingFleets: () => new Set(),
  });
  expect(await elsewhere.load('a', never)).toMatchObject({ kind: 'Failed' });
  expect(elsewhere.problem('a')).toContain('forbidden');
});
