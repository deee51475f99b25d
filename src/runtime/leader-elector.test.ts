import { describe, expect, test } from 'vitest';
import { WardenError } from '../errors.ts';
import { LeaderElector } from './leader-elector.ts';
import { ManualClock } from './manual-clock.ts';
import type { LeaseClient, LeaseRecord, VersionedLease } from './ports.ts';
import { silentLog, silentMetrics } from './silent.ts';

/** A Lease in memory that compares and swaps, as the API does. */
class MemoryLease implements LeaseClient {
  lease: VersionedLease | undefined;
  /** What the next calls do instead of working, in order; a promise delays the call. */
  readonly faults: ('fail' | 'hang' | 'answer lost' | Promise<void>)[] = [];
  calls = 0;

  get(signal: AbortSignal): Promise<VersionedLease | undefined> {
    return this.#call(signal, () => this.lease);
  }

  create(record: LeaseRecord, signal: AbortSignal): Promise<VersionedLease> {
    return this.#call(signal, () => {
      if (this.lease !== undefined) throw new WardenError('ApiAlreadyExists', 'exists');
      return this.write(record);
    });
  }

  update(record: LeaseRecord, resourceVersion: string, signal: AbortSignal): Promise<VersionedLease> {
    return this.#call(signal, () => {
      if (this.lease === undefined) throw new WardenError('ApiNotFound', 'gone');
      if (this.lease.resourceVersion !== resourceVersion) throw new WardenError('ApiConflict', 'changed');
      return this.write(record);
    });
  }

  write(record: LeaseRecord): VersionedLease {
    this.lease = { record, resourceVersion: String(Number(this.lease?.resourceVersion ?? 0) + 1) };
    return this.lease;
  }

  async #call<R>(signal: AbortSignal, work: () => R): Promise<R> {
    this.calls += 1;
    const fault = this.faults.shift();
    if (fault === 'fail') throw new WardenError('ApiUnreachable', 'refused');
    if (fault === 'hang') {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    await (fault instanceof Promise ? fault : undefined);
    const result = work();
    if (fault === 'answer lost') throw new WardenError('ApiUnreachable', 'reset');
    return result;
  }
}

const never = new AbortController().signal;

function candidate(identity: string, client: LeaseClient, clock: ManualClock): LeaderElector {
  return new LeaderElector({
    client,
    identity,
    clock,
    random: () => 0,
    log: silentLog,
    metrics: silentMetrics,
  });
}

async function leader(client: MemoryLease): Promise<{ elector: LeaderElector; clock: ManualClock }> {
  const clock = new ManualClock();
  const elector = candidate('a', client, clock);
  expect(await elector.acquire(never)).toBe(true);
  return { elector, clock };
}

describe('a candidate', () => {
  test('creates the lease where there is none', async () => {
    const client = new MemoryLease();
    const { elector } = await leader(client);
    expect(client.lease?.record).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    });
    expect(elector.lost.aborted).toBe(false);
  });

  test('takes over what it has not seen change for 15 s by its own clock, whatever times are written in it', async () => {
    const client = new MemoryLease();
    const farFuture = Date.UTC(2099, 0, 1);
    client.write({
      holderIdentity: 'dead',
      leaseDurationSeconds: 15,
      acquireTimeMs: farFuture,
      renewTimeMs: farFuture,
      leaseTransitions: 3,
    });
    const clock = new ManualClock();
    let isLeading = false;
    void candidate('b', client, clock)
      .acquire(never)
      .then(() => (isLeading = true));
    await clock.advance(14_999);
    expect(isLeading).toBe(false);
    await clock.advance(2_000);
    expect(isLeading).toBe(true);
    expect(client.lease?.record).toMatchObject({ holderIdentity: 'b', leaseTransitions: 4 });
  });

  test('waits as long as the holder renews', async () => {
    const client = new MemoryLease();
    const { clock } = await leader(client);
    let isLeading = false;
    void candidate('b', client, clock)
      .acquire(never)
      .then(() => (isLeading = true));
    await clock.advance(120_000);
    expect([isLeading, client.lease?.record.holderIdentity]).toEqual([false, 'a']);
  });

  test('gives up when told to stop', async () => {
    const client = new MemoryLease();
    await leader(client);
    const clock = new ManualClock();
    const stop = new AbortController();
    const acquired = candidate('b', client, clock).acquire(stop.signal);
    await clock.advance(1_000);
    stop.abort();
    expect(await acquired).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test('of two that take over at the same moment one loses the race and goes on waiting', async () => {
    const client = new MemoryLease();
    const clock = new ManualClock();
    const leading: string[] = [];
    for (const identity of ['a', 'b']) {
      void candidate(identity, client, clock)
        .acquire(never)
        .then(() => leading.push(identity));
    }
    await clock.advance(30_000);
    expect(leading).toEqual(['a']);
  });
});

describe('a leader', () => {
  test('outlives failed renewals that end within the deadline', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    client.faults.push('fail', 'fail', 'fail');
    await clock.advance(60_000);
    expect(elector.lost.aborted).toBe(false);
  });

  test('one request that hangs does not cost the term', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    client.faults.push('hang');
    await clock.advance(60_000);
    expect(elector.lost.aborted).toBe(false);
  });

  test('gives up 10 s after it began the last renewal that succeeded, before anyone can take over', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    await clock.advance(2_000);
    client.faults.push(...Array.from({ length: 20 }, () => 'fail' as const));
    await clock.advance(9_999);
    expect(elector.lost.aborted).toBe(false);
    await clock.advance(1);
    expect(elector.lost.reason).toMatchObject({ code: 'LeadershipLost' });
  });

  test('counts from the start of a renewal, however slow its answer was', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    client.faults.push(clock.sleep(5_000), ...Array.from({ length: 20 }, () => 'fail' as const));
    await clock.advance(11_999);
    expect(elector.lost.aborted).toBe(false);
    await clock.advance(1);
    expect(elector.lost.aborted).toBe(true);
  });

  test('has lost as soon as somebody else is written in the lease', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    const taken = client.lease?.record;
    if (taken !== undefined) client.write({ ...taken, holderIdentity: 'b' });
    await clock.advance(2_000);
    expect(elector.lost.reason).toMatchObject({ message: 'another replica holds the lease' });
    expect(client.lease?.record.holderIdentity).toBe('b');
    const calls = client.calls;
    await clock.advance(60_000);
    expect(client.calls).toBe(calls);
  });

  test('is not put off by a conflict with a write of its own whose answer was lost', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    client.faults.push('answer lost');
    await clock.advance(60_000);
    expect(elector.lost.aborted).toBe(false);
    expect(client.lease?.record).toMatchObject({ holderIdentity: 'a', leaseTransitions: 0 });
  });

  test('empties the lease when it goes, and the next one need not wait', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    await elector.release();
    expect(client.lease?.record).toMatchObject({ holderIdentity: '', leaseTransitions: 0 });
    expect(clock.pendingTimers).toBe(0);
    expect(await candidate('b', client, clock).acquire(never)).toBe(true);
    expect(client.lease?.record).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  test('leaves the lease of another alone when it goes', async () => {
    const client = new MemoryLease();
    const { elector } = await leader(client);
    const taken = client.lease?.record;
    if (taken !== undefined) client.write({ ...taken, holderIdentity: 'b' });
    await elector.release();
    expect(client.lease?.record.holderIdentity).toBe('b');
  });

  test('that only stops leaves its lease to run out', async () => {
    const client = new MemoryLease();
    const { elector, clock } = await leader(client);
    await elector.stop();
    await clock.advance(60_000);
    expect([client.calls, client.lease?.record.holderIdentity]).toEqual([2, 'a']);
  });
});
