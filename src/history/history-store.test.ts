import { describe, expect, test } from 'vitest';
import { WardenError } from '../errors.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { silentLog } from '../runtime/silent.ts';
import type { HistoryMaps, MapMeta } from './history-maps.ts';
import { HISTORY_LABEL, HistoryStore } from './history-store.ts';

const MINUTE = 60_000;
const never = new AbortController().signal;

type Written = Parameters<HistoryMaps['apply']>[0];

/** ConfigMaps in this process, with versions as the API keeps them; the real ones are in the integration tests. */
class Maps implements HistoryMaps {
  readonly objects = new Map<
    string,
    { readonly meta: MapMeta; readonly data: Written['data'] | undefined }
  >();
  readonly writes: Written[] = [];
  failure: WardenError | undefined;
  /** Of writes alone, counted. */
  refusal: WardenError | undefined;
  refused = 0;
  /** Names that may not be deleted. */
  readonly pinned = new Set<string>();
  #version = 0;

  /** As somebody else would; without data it is one that cannot be read. */
  put(name: string, data?: Written['data']): MapMeta {
    this.#version += 1;
    const uid = this.objects.get(name)?.meta.uid ?? `uid-${this.#version}`;
    const meta = { name, uid, resourceVersion: String(this.#version) };
    this.objects.set(name, { meta, data });
    return meta;
  }

  get(name: string): ReturnType<HistoryMaps['get']> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const found = this.objects.get(name);
    if (found === undefined) return Promise.resolve(undefined);
    const { meta, data } = found;
    const content =
      data === undefined
        ? ({ ok: false, message: 'it is too large' } as const)
        : ({ ok: true, data } as const);
    return Promise.resolve({ meta, content });
  }

  apply(map: Written): Promise<MapMeta> {
    if (this.refusal !== undefined) {
      this.refused += 1;
      return Promise.reject(this.refusal);
    }
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const found = this.objects.get(map.name);
    if (map.resourceVersion !== undefined && map.resourceVersion !== found?.meta.resourceVersion) {
      return Promise.reject(new WardenError('ApiConflict', 'it has changed'));
    }
    this.writes.push(map);
    return Promise.resolve(this.put(map.name, map.data));
  }

  list(): Promise<readonly MapMeta[]> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve([...this.objects.values()].map(({ meta }) => meta));
  }

  delete(name: string, { uid }: { readonly uid: string }): Promise<unknown> {
    if (this.pinned.has(name)) return Promise.reject(new WardenError('ApiForbidden', 'pinned'));
    if (this.objects.get(name)?.meta.uid !== uid) {
      return Promise.reject(new WardenError('ApiConflict', 'another object has the name'));
    }
    this.objects.delete(name);
    return Promise.resolve('Deleted');
  }

  text(uid: string): string | undefined {
    return this.objects.get(`vllm-warden-history-${uid}`)?.data?.['history.json'];
  }
}

interface Running extends AsyncDisposable {
  readonly store: HistoryStore;
  readonly maps: Maps;
  readonly clock: ManualClock;
  readonly living: Set<string>;
}

function running(maps = new Maps(), uids: readonly string[] = ['f1']): Running {
  const clock = new ManualClock();
  const living = new Set(uids);
  const store = new HistoryStore({
    maps,
    clock,
    random: () => 0.5,
    log: silentLog,
    livingFleets: () => living,
  });
  const stop = new AbortController();
  const done = store.run(stop.signal);
  return {
    store,
    maps,
    clock,
    living,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      expect(clock.pendingTimers).toBe(0);
    },
  };
}

describe('a text', () => {
  test('that is saved is loaded by the next leader, under the name and label of its fleet', async () => {
    await using first = running();
    expect(await first.store.load('f1', never)).toEqual({ kind: 'None' });
    expect(first.store.save('f1', 'default/chat', 'one')).toEqual({ kind: 'Accepted' });
    await first.clock.advance(MINUTE);
    expect(first.maps.writes).toMatchObject([
      {
        name: 'vllm-warden-history-f1',
        labels: { [HISTORY_LABEL]: 'true' },
        annotations: { 'vllm.warden.dev/history-of': 'default/chat' },
      },
    ]);
    await using second = running(first.maps);
    expect(await second.store.load('f1', never)).toEqual({ kind: 'Loaded', text: 'one' });
  });

  test('is written at most once in ten minutes, and then the latest', async () => {
    await using run = running();
    const { store, maps, clock } = run;
    await store.load('f1', never);
    for (let minute = 0; minute < 60; minute += 1) {
      store.save('f1', 'default/chat', `minute ${minute}`);
      await clock.advance(MINUTE);
    }
    expect(maps.writes).toHaveLength(6);
    expect(maps.text('f1')).toBe('minute 50');
  });

  test('that is what is kept is not written', async () => {
    await using run = running();
    const { store, maps, clock } = run;
    maps.put('vllm-warden-history-f1', { 'history.json': 'same' });
    await store.load('f1', never);
    store.save('f1', 'default/chat', 'other');
    store.save('f1', 'default/chat', 'same');
    await clock.advance(60 * MINUTE);
    expect(maps.writes).toEqual([]);
  });

  test('of more than 32 KiB is refused, and the one before stays', async () => {
    await using run = running();
    const { store, maps, clock } = run;
    await store.load('f1', never);
    store.save('f1', 'default/chat', 'ä'.repeat(16 * 1024));
    await clock.advance(MINUTE);
    expect(maps.writes).toHaveLength(1);
    expect(store.save('f1', 'default/chat', `${'ä'.repeat(16 * 1024)}!`)).toMatchObject({
      kind: 'Refused',
      reason: 'TooLarge',
    });
    expect(store.problem('f1')).toBe('the history has 32769 bytes; at most 32768 are kept');
    await clock.advance(30 * MINUTE);
    expect(maps.writes).toHaveLength(1);
    store.save('f1', 'default/chat', 'short');
    await clock.advance(MINUTE);
    expect(store.problem('f1')).toBeUndefined();
  });
});

describe('what is kept', () => {
  test('is not overwritten before it could be read', async () => {
    await using run = running();
    const { store, maps, clock } = run;
    maps.put('vllm-warden-history-f1', { 'history.json': 'precious' });
    maps.failure = new WardenError('ApiUnreachable', 'GET …: connection refused');
    expect(await store.load('f1', never)).toEqual({ kind: 'Failed', message: 'GET …: connection refused' });
    expect(store.problem('f1')).toContain('connection refused');
    maps.failure = undefined;
    expect(store.save('f1', 'default/chat', 'afresh')).toMatchObject({ reason: 'NotLoaded' });
    await clock.advance(60 * MINUTE);
    expect(maps.text('f1')).toBe('precious');
    expect(await store.load('f1', never)).toEqual({ kind: 'Loaded', text: 'precious' });
    expect(store.problem('f1')).toBeUndefined();
  });

  test.each([
    ['is not as we write it', undefined, 'it is too large'],
    ['lacks the history', { other: 'x' }, 'it has no history.json'],
  ])('but %s is told, and replaced by the next text', async (_, data, says) => {
    await using run = running();
    const { store, maps, clock } = run;
    maps.put('vllm-warden-history-f1', data);
    expect(await store.load('f1', never)).toEqual({
      kind: 'Unreadable',
      message: `ConfigMap vllm-warden-history-f1: ${says}`,
    });
    store.save('f1', 'default/chat', 'afresh');
    await clock.advance(MINUTE);
    expect(maps.text('f1')).toBe('afresh');
  });

  test('and was changed or deleted by somebody since is written over', async () => {
    await using run = running();
    const { store, maps, clock } = run;
    await store.load('f1', never);
    store.save('f1', 'default/chat', 'one');
    await clock.advance(MINUTE);
    maps.put('vllm-warden-history-f1', { 'history.json': 'meddled' });
    store.save('f1', 'default/chat', 'two');
    await clock.advance(10 * MINUTE);
    expect(maps.text('f1')).toBe('two');
    maps.objects.clear();
    store.save('f1', 'default/chat', 'three');
    await clock.advance(10 * MINUTE);
    expect(maps.text('f1')).toBe('three');
  });
});

test('a write that fails is told, and tried again ever more rarely until it succeeds', async () => {
  await using run = running();
  const { store, maps, clock } = run;
  await store.load('f1', never);
  maps.refusal = new WardenError('ApiForbidden', 'PATCH …: 403');
  store.save('f1', 'default/chat', 'one');
  await clock.advance(60 * MINUTE);
  expect(maps.refused).toBeGreaterThan(5);
  expect(maps.refused).toBeLessThan(12);
  expect(store.problem('f1')).toBe('the history cannot be kept: PATCH …: 403');
  maps.refusal = undefined;
  await clock.advance(15 * MINUTE);
  expect(maps.text('f1')).toBe('one');
  expect(store.problem('f1')).toBeUndefined();
});

describe('what is kept of fleets that are gone', () => {
  test('is deleted at the start and each hour, nothing else is', async () => {
    const maps = new Maps();
    for (const name of ['vllm-warden-history-f1', 'vllm-warden-history-gone', 'settings']) maps.put(name, {});
    await using run = running(maps, ['f1', 'f2']);
    const { store, clock, living } = run;
    await clock.advance(0);
    expect([...maps.objects.keys()]).toEqual(['vllm-warden-history-f1', 'settings']);
    await store.load('f2', never);
    store.save('f2', 'default/chat', 'text');
    await clock.advance(2 * MINUTE);
    living.delete('f2');
    store.save('f2', 'default/chat', 'more text');
    await clock.advance(60 * MINUTE);
    expect(maps.text('f2')).toBeUndefined();
    expect(store.save('f2', 'default/chat', 'late')).toMatchObject({ reason: 'NotLoaded' });
  });

  test('is deleted though one of them cannot be', async () => {
    const maps = new Maps();
    for (const uid of ['a', 'b', 'c']) maps.put(`vllm-warden-history-${uid}`, {});
    maps.pinned.add('vllm-warden-history-b');
    await using run = running(maps);
    await run.clock.advance(0);
    expect([...maps.objects.keys()]).toEqual(['vllm-warden-history-b']);
  });

  test('stays while the API cannot be asked, and writing goes on', async () => {
    const maps = new Maps();
    maps.put('vllm-warden-history-gone', {});
    maps.failure = new WardenError('ApiForbidden', 'GET …: 403');
    await using run = running(maps);
    const { store, clock } = run;
    await clock.advance(0);
    maps.failure = undefined;
    await store.load('f1', never);
    store.save('f1', 'default/chat', 'one');
    await clock.advance(MINUTE);
    expect(maps.text('f1')).toBe('one');
    expect(maps.objects.has('vllm-warden-history-gone')).toBe(true);
    await clock.advance(60 * MINUTE);
    expect(maps.objects.has('vllm-warden-history-gone')).toBe(false);
  });
});
