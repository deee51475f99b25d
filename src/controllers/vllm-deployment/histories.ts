import { decodeHistory } from '../../disruption/remediation-history/decode.ts';
import { encodeHistory } from '../../disruption/remediation-history/encode.ts';
import type { RemediationHistory } from '../../disruption/remediation-history/history.ts';
import type { HistoryStore } from '../../history/history-store.ts';

/** The store beats its own time; to encode more often than this would only cost. */
const ENCODE_EVERY_MS = 60_000;
const RETRY_MS = 30_000;

interface Entry {
  isLoaded: boolean;
  triedAtMs: number;
  encodedAtMs: number;
  /** What was kept and cannot be used, until something else is kept. */
  problem: string | undefined;
}

/** What was learned of each fleet's leaks, from one leader to the next. Times in milliseconds since the epoch. */
export class Histories {
  readonly #store: Pick<HistoryStore, 'load' | 'save' | 'problem'>;
  readonly #entries = new Map<string, Entry>();

  constructor(store: Pick<HistoryStore, 'load' | 'save' | 'problem'>) {
    this.#store = store;
  }

  /**
   * What the leader before has kept; undefined when there is nothing (any more), or it was asked for already. An API that
   * does not answer is asked again later.
   */
  async recall(uid: string, nowMs: number, signal: AbortSignal): Promise<RemediationHistory | undefined> {
    const entry = this.#entries.get(uid) ?? {
      isLoaded: false,
      triedAtMs: -Infinity,
      encodedAtMs: nowMs,
      problem: undefined,
    };
    this.#entries.set(uid, entry);
    if (entry.isLoaded || nowMs - entry.triedAtMs < RETRY_MS) return undefined;
    entry.triedAtMs = nowMs;
    const loaded = await this.#store.load(uid, signal);
    if (loaded.kind === 'Failed') return undefined;
    entry.isLoaded = true;
    if (loaded.kind === 'None') return undefined;
    const decoded = loaded.kind === 'Loaded' ? decodeHistory(loaded.text, nowMs) : loaded;
    if (decoded.kind === 'Read') return decoded.history;
    entry.problem = `what was kept of leaks cannot be used, and begins anew: ${decoded.message}`;
    return undefined;
  }

  /** Takes what is to be kept from now on. `fleet` is `namespace/name`. */
  keep(uid: string, fleet: string, history: RemediationHistory, nowMs: number): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined || !entry.isLoaded || nowMs - entry.encodedAtMs < ENCODE_EVERY_MS) return;
    entry.encodedAtMs = nowMs;
    this.#store.save(uid, fleet, encodeHistory(history, nowMs));
  }

  /** Why what is learned may not outlive this leader, or what the one before had learned is lost; for people. */
  problem(uid: string): string | undefined {
    return this.#store.problem(uid) ?? this.#entries.get(uid)?.problem;
  }

  /** Forgets all fleets but these. */
  forgetAllBut(uids: ReadonlySet<string>): void {
    for (const uid of this.#entries.keys()) if (!uids.has(uid)) this.#entries.delete(uid);
  }
}
