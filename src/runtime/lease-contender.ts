import { asWardenError } from '../errors.ts';
import type { Clock, LeaseClient, LeaseRecord, VersionedLease } from './ports.ts';

/**
 * One candidate's hand on the Lease: takes, keeps and empties it, by compare and swap. A candidate
 * judges the holder by how long *it* has not seen the lease change, on its own monotonic clock, and
 * never by the times written in it: clocks of nodes differ.
 */
export class LeaseContender {
  readonly #client: LeaseClient;
  readonly #identity: string;
  readonly #clock: Clock;
  readonly #leaseDurationMs: number;
  #observed: { readonly lease: VersionedLease; readonly at: number } | undefined;

  constructor(client: LeaseClient, identity: string, clock: Clock, leaseDurationMs: number) {
    this.#client = client;
    this.#identity = identity;
    this.#clock = clock;
    this.#leaseDurationMs = leaseDurationMs;
  }

  /**
   * Takes or renews the lease; false when somebody else has it.
   *
   * A conflict does not mean that the term is over: a write of our own whose answer was lost, sent
   * again, conflicts as well. So it is read who holds the lease.
   */
  async contend(signal: AbortSignal): Promise<boolean> {
    const client = this.#client;
    const known = this.#observed?.lease;
    if (known?.record.holderIdentity === this.#identity) {
      try {
        this.#observe(await client.update(this.#claim(known), known.resourceVersion, signal));
        return true;
      } catch (error) {
        if (!isLostRace(error)) throw error;
      }
    }
    const current = await client.get(signal);
    if (current !== undefined) {
      this.#observe(current);
      if (!this.#mayTake(current.record)) return false;
    }
    try {
      const claim = this.#claim(current);
      this.#observe(
        current === undefined
          ? await client.create(claim, signal)
          : await client.update(claim, current.resourceVersion, signal),
      );
      return true;
    } catch (error) {
      if (isLostRace(error)) return false;
      throw error;
    }
  }

  #observe(lease: VersionedLease): void {
    if (this.#observed?.lease.resourceVersion === lease.resourceVersion) return;
    this.#observed = { lease, at: this.#clock.monotonic() };
  }

  #mayTake(record: LeaseRecord): boolean {
    const unchangedMs = this.#clock.monotonic() - (this.#observed?.at ?? Number.POSITIVE_INFINITY);
    const durationMs = Math.max(record.leaseDurationSeconds * 1000, this.#leaseDurationMs);
    return (
      record.holderIdentity === '' || record.holderIdentity === this.#identity || unchangedMs >= durationMs
    );
  }

  #claim(previous: VersionedLease | undefined): LeaseRecord {
    const now = this.#clock.now();
    const before = previous?.record;
    const isMine = before?.holderIdentity === this.#identity;
    return {
      holderIdentity: this.#identity,
      leaseDurationSeconds: Math.ceil(this.#leaseDurationMs / 1000),
      acquireTimeMs: isMine ? before.acquireTimeMs : now,
      renewTimeMs: now,
      leaseTransitions: before === undefined ? 0 : before.leaseTransitions + (isMine ? 0 : 1),
    };
  }

  /** Empties the lease, if it is ours, so that the next leader need not wait for it to run out. */
  async release(signal: AbortSignal): Promise<void> {
    const lease = this.#observed?.lease;
    if (lease?.record.holderIdentity !== this.#identity) return;
    const empty: LeaseRecord = {
      holderIdentity: '',
      // The API refuses a duration of 0.
      leaseDurationSeconds: 1,
      acquireTimeMs: lease.record.acquireTimeMs,
      renewTimeMs: this.#clock.now(),
      leaseTransitions: lease.record.leaseTransitions,
    };
    await this.#client.update(empty, lease.resourceVersion, signal);
  }
}

function isLostRace(thrown: unknown): boolean {
  const { code } = asWardenError(thrown);
  return code === 'ApiConflict' || code === 'ApiAlreadyExists' || code === 'ApiNotFound';
}
