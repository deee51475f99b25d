import { describe, expect, test } from 'vitest';
import { ManualClock } from './manual-clock.ts';
import type { Observed } from './ports.ts';
import { compareResourceVersions } from './resource-version.ts';
import { silentLog } from './silent.ts';
import { Store, type Change } from './store.ts';
import { WriteBarrier } from './write-barrier.ts';

interface Engine {
  readonly fleet: string;
  readonly labels?: { readonly serving: string };
}

function observed(
  name: string,
  version: number,
  object: Engine | string,
  uid = `uid-${name}`,
): Observed<Engine> {
  return {
    meta: { namespace: 'ns', name, uid, resourceVersion: String(version), generation: undefined },
    parsed: typeof object === 'string' ? { ok: false, message: object } : { ok: true, object },
  };
}

function newStore(): { store: Store<Engine, 'fleet'>; changes: string[] } {
  const store = new Store<Engine, 'fleet'>({
    log: silentLog,
    indexes: { fleet: (engine) => [engine.fleet] },
  });
  const changes: string[] = [];
  store.onChange((change) => changes.push(describeChange(change)));
  return { store, changes };
}

function describeChange({ key, previous, object }: Change<Engine>): string {
  return `${key}: ${previous?.fleet ?? 'none'} → ${object?.fleet ?? 'none'}`;
}

describe('a store', () => {
  test('is synced by its first list, even an empty one', async () => {
    const { store } = newStore();
    expect(store.hasSynced).toBe(false);
    store.replace({ items: [], resourceVersion: '7' });
    await store.whenSynced();
    expect(store.hasSynced).toBe(true);
  });

  test('a relist tells what was deleted unseen (kubernetes #115658) and leaves the unchanged alone', () => {
    const { store, changes } = newStore();
    store.replace({
      items: [
        observed('a', 1, { fleet: 'x' }),
        observed('b', 2, { fleet: 'x' }),
        observed('c', 3, { fleet: 'x' }),
      ],
      resourceVersion: '3',
    });
    changes.length = 0;
    store.replace({
      items: [observed('a', 1, { fleet: 'x' }), observed('c', 5, { fleet: 'y' })],
      resourceVersion: '5',
    });
    expect(changes).toEqual(['ns/b: x → none', 'ns/c: x → y']);
    expect(store.byIndex('fleet', 'x')).toEqual([{ fleet: 'x' }]);
    expect(store.byIndex('fleet', 'y')).toEqual([{ fleet: 'y' }]);
  });

  test.each([
    {
      name: 'in a relist',
      replaceIt: (store: Store<Engine, 'fleet'>) =>
        store.replace({ items: [observed('a', 9, { fleet: 'new' }, 'other')], resourceVersion: '9' }),
    },
    {
      name: 'in a watch',
      replaceIt: (store: Store<Engine, 'fleet'>) =>
        store.apply({ type: 'Added', item: observed('a', 9, { fleet: 'new' }, 'other') }),
    },
  ])('a new uid under an old name $name is a deletion and an addition', ({ replaceIt }) => {
    const { store, changes } = newStore();
    store.replace({ items: [observed('a', 1, { fleet: 'old' })], resourceVersion: '1' });
    changes.length = 0;
    replaceIt(store);
    expect(changes).toEqual(['ns/a: old → none', 'ns/a: none → new']);
  });

  test('an object that does not parse is kept aside with the reason, and never passes for its older self', () => {
    const { store, changes } = newStore();
    store.replace({ items: [observed('a', 1, { fleet: 'x' })], resourceVersion: '1' });
    changes.length = 0;
    store.apply({ type: 'Modified', item: observed('a', 2, 'spec.replicas: expected number') });
    expect(store.get('ns/a')).toBeUndefined();
    expect([store.list(), store.byIndex('fleet', 'x')]).toEqual([[], []]);
    expect(store.invalid('ns/a')).toMatchObject({ message: 'spec.replicas: expected number' });
    expect(store.meta('ns/a')?.resourceVersion).toBe('2');
    store.apply({ type: 'Modified', item: observed('a', 3, { fleet: 'x' }) });
    expect([store.invalid('ns/a'), store.get('ns/a')]).toEqual([undefined, { fleet: 'x' }]);
    expect(changes).toEqual(['ns/a: x → none', 'ns/a: none → x']);
  });

  test('nobody can change what is in it', () => {
    const { store } = newStore();
    store.apply({ type: 'Added', item: observed('a', 1, { fleet: 'x', labels: { serving: 'true' } }) });
    const engine = store.get('ns/a');
    expect(Object.isFrozen(engine) && Object.isFrozen(engine?.labels)).toBe(true);
  });

  test('a handler that throws is logged, not lost, and keeps nothing from the others', () => {
    const logged: string[] = [];
    const log = { ...silentLog, error: (_fields: object, message: string) => void logged.push(message) };
    const store = new Store<Engine>({ log });
    const seen: string[] = [];
    store.onChange(() => {
      throw new Error('boom');
    });
    store.onChange((change) => seen.push(change.key));
    store.apply({ type: 'Added', item: observed('a', 1, { fleet: 'x' }) });
    expect([logged, seen]).toEqual([['a change handler threw'], ['ns/a']]);
  });

  test('the deletion of an unknown object changes nothing', () => {
    const { store, changes } = newStore();
    store.apply({ type: 'Deleted', item: observed('a', 1, { fleet: 'x' }) });
    expect(changes).toEqual([]);
  });
});

test.each([
  { left: '9', right: '10', order: 'before' },
  { left: '123456789012345678901', right: '99999999999999999999', order: 'after' },
  { left: '10', right: '10', order: 'same' },
  { left: 'opaque', right: 'opaque', order: 'same' },
  { left: 'opaque', right: '10', order: 'unknown' },
])('resourceVersion $left is $order $right', ({ left, right, order }) => {
  const compared = compareResourceVersions(left, right);
  const word =
    compared === undefined ? 'unknown' : compared === 0 ? 'same' : compared < 0 ? 'before' : 'after';
  expect(word).toBe(order);
});

describe('a key is held after a write of its own (controller-runtime #1464)', () => {
  const written = { meta: observed('a', 20, { fleet: 'x' }).meta };

  test.each([
    { name: 'until the watch delivers that version', version: 20, isFree: true },
    { name: 'until a later version shows that it has passed', version: 21, isFree: true },
    { name: 'and not freed by an older event that was under way', version: 19, isFree: false },
  ])('$name', ({ version, isFree }) => {
    const { store } = newStore();
    const barrier = new WriteBarrier(new ManualClock());
    barrier.wrote('ns/fleet', store, written.meta.resourceVersion);
    expect(barrier.caughtUp('ns/fleet')).toBe(false);
    expect(barrier.caughtUp('ns/other')).toBe(true);
    store.apply({ type: 'Modified', item: observed('a', version, { fleet: 'x' }) });
    expect(barrier.caughtUp('ns/fleet')).toBe(isFree);
  });

  test('a bookmark frees it where the written object has left the selector', () => {
    const { store } = newStore();
    const barrier = new WriteBarrier(new ManualClock());
    barrier.wrote('k', store, '20');
    store.apply({ type: 'Bookmark', resourceVersion: '25' });
    expect(barrier.caughtUp('k')).toBe(true);
  });

  test('every store that was written to must have caught up', () => {
    const [pods, sets] = [newStore().store, newStore().store];
    const barrier = new WriteBarrier(new ManualClock());
    barrier.wrote('k', pods, '20');
    barrier.wrote('k', sets, '21');
    pods.apply({ type: 'Bookmark', resourceVersion: '30' });
    expect(barrier.caughtUp('k')).toBe(false);
    sets.replace({ items: [], resourceVersion: '30' });
    expect(barrier.caughtUp('k')).toBe(true);
  });

  test('but not for ever, where versions cannot be compared or were set back', async () => {
    const clock = new ManualClock();
    const { store } = newStore();
    const barrier = new WriteBarrier(clock, 30_000);
    barrier.wrote('k', store, '20');
    store.replace({ items: [], resourceVersion: '3' });
    await clock.advance(29_999);
    expect(barrier.caughtUp('k')).toBe(false);
    await clock.advance(1);
    expect(barrier.caughtUp('k')).toBe(true);
  });
});
