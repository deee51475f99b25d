import { beforeEach, describe, expect, test } from 'vitest';
import { NOW } from '../../../test/builders/engines.ts';
import { encodeHistory } from '../../disruption/remediation-history/encode.ts';
import { NO_HEALTH_MEMORY } from '../../fleet/health.ts';
import type { LoadedHistory } from '../../history/history-store.ts';
import { Histories } from './histories.ts';

const FLEET = 'fleet-uid';
const { signal } = new AbortController();
const KEPT = {
  ...NO_HEALTH_MEMORY,
  restarts: [
    {
      atMs: NOW - 60_000,
      engine: 'a',
      uid: 'uid-a',
      revision: 'aaa',
      signature: 'Wedged',
      image: 'i',
      outcome: 'Pending',
    },
  ],
} as const;

/** A store that answers with this, and notes what is saved. */
class Store {
  answer: LoadedHistory = { kind: 'None' };
  trouble: string | undefined;
  loads = 0;
  readonly saved: string[] = [];

  load(): Promise<LoadedHistory> {
    this.loads += 1;
    return Promise.resolve(this.answer);
  }

  save(uid: string, fleet: string): { readonly kind: 'Accepted' } {
    this.saved.push(`${uid} ${fleet}`);
    return { kind: 'Accepted' };
  }

  problem(): string | undefined {
    return this.trouble;
  }
}

let store: Store;
let histories: Histories;
beforeEach(() => {
  store = new Store();
  histories = new Histories(store);
});

describe('what the leader before has kept', () => {
  test('is recalled once', async () => {
    store.answer = { kind: 'Loaded', text: encodeHistory(KEPT, NOW) };
    const recalled = await histories.recall(FLEET, NOW, signal);
    expect(recalled?.restarts).toEqual(KEPT.restarts);
    expect(await histories.recall(FLEET, NOW + 60_000, signal)).toBeUndefined();
    expect(store.loads).toBe(1);
  });

  test('may be nothing', async () => {
    expect(await histories.recall(FLEET, NOW, signal)).toBeUndefined();
    expect(await histories.recall(FLEET, NOW + 60_000, signal)).toBeUndefined();
    expect([store.loads, histories.problem(FLEET)]).toEqual([1, undefined]);
  });

  test('is asked for again after 30 s when the API did not answer', async () => {
    store.answer = { kind: 'Failed', message: 'no answer' };
    await histories.recall(FLEET, NOW, signal);
    await histories.recall(FLEET, NOW + 29_999, signal);
    expect(store.loads).toBe(1);
    store.answer = { kind: 'Loaded', text: encodeHistory(KEPT, NOW) };
    expect((await histories.recall(FLEET, NOW + 30_000, signal))?.restarts).toHaveLength(1);
  });

  test.each<[what: string, answer: LoadedHistory, told: RegExp]>([
    [
      'is corrupt',
      { kind: 'Loaded', text: '{"version":' },
      /^what was kept of leaks cannot be used.*cannot be read/,
    ],
    ['is not ours', { kind: 'Unreadable', message: 'it is immutable' }, /begins anew: it is immutable$/],
  ])('that %s is said, and not asked for again', async (_what, answer, told) => {
    store.answer = answer;
    expect(await histories.recall(FLEET, NOW, signal)).toBeUndefined();
    expect(histories.problem(FLEET)).toMatch(told);
    await histories.recall(FLEET, NOW + 60_000, signal);
    expect(store.loads).toBe(1);
  });
});

describe('what is learned', () => {
  test('is kept once a minute', async () => {
    await histories.recall(FLEET, NOW, signal);
    for (const seconds of [1, 59, 60, 61, 119, 120])
      histories.keep(FLEET, 'models/chat', KEPT, NOW + seconds * 1000);
    expect(store.saved).toEqual(['fleet-uid models/chat', 'fleet-uid models/chat']);
  });

  test('is not kept before that of the leader before was read: it would be lost', async () => {
    histories.keep(FLEET, 'models/chat', KEPT, NOW + 600_000);
    store.answer = { kind: 'Failed', message: 'no answer' };
    await histories.recall(FLEET, NOW, signal);
    histories.keep(FLEET, 'models/chat', KEPT, NOW + 600_000);
    expect(store.saved).toEqual([]);
  });

  test('begins anew for a fleet that was gone', async () => {
    await histories.recall(FLEET, NOW, signal);
    histories.forgetAllBut(new Set(['another']));
    histories.keep(FLEET, 'models/chat', KEPT, NOW + 600_000);
    expect(store.saved).toEqual([]);
    await histories.recall(FLEET, NOW, signal);
    expect(store.loads).toBe(2);
  });
});

test('what stands against keeping it goes before what was lost', async () => {
  store.answer = { kind: 'Unreadable', message: 'it is immutable' };
  await histories.recall(FLEET, NOW, signal);
  store.trouble = 'configmaps is forbidden';
  expect(histories.problem(FLEET)).toBe('configmaps is forbidden');
});
