import { isIP } from 'node:net';
import type { Clock } from '../runtime/ports.ts';
import type { ProbeRecord } from '../snapshot/probe-record.ts';
import { askForToken, type ProbeResult } from './ask-for-token.ts';
import { ProbeConnection } from './probe-connection.ts';

/** An engine that is to generate one token. */
export interface ProbeTarget {
  /** The pod's uid. */
  readonly uid: string;
  readonly name: string;
  /** The pod's own IP address. */
  readonly address: string;
  readonly port: number;
  /** The served name. */
  readonly model: string;
  /** Of a data-parallel engine: which rank. */
  readonly rank?: number;
}

export interface ProberOptions {
  readonly clock: Clock;
  /** HTTP proxy that carries connections to engines by CONNECT; absent: engines are reached directly. */
  readonly engineProxyUrl?: string | undefined;
  /** Called when a probe has ended, after its record is kept. Must return quickly. */
  readonly onResult: (uid: string) => void;
}

/** Between the starts of two probes of one engine. */
const SPACING_MS = 30_000;
/** One more does not hurt an engine; a hundred at once would hurt the operator. */
const MAX_UNDER_WAY = 16;

interface Running {
  readonly cancel: AbortController;
  readonly done: Promise<void>;
}

/**
 * Asks engines for one token each, to see whether they live. Any failure becomes an outcome; nothing rejects. What is
 * known of an engine goes with its uid.
 */
export class Prober {
  readonly #options: ProberOptions;
  readonly #records = new Map<string, ProbeRecord>();
  /** When the last probe of an engine began, by the monotonic clock. */
  readonly #began = new Map<string, number>();
  /** Those that wait for a place among the ones under way, in the order they were asked for. */
  readonly #waiting = new Map<string, ProbeTarget>();
  readonly #running = new Map<string, Running>();
  #isStopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Does nothing while a probe of the engine waits or is under way, or when the last began less than 30 s ago. */
  ask(target: ProbeTarget): void {
    const { uid } = target;
    if (this.#isStopped || this.#waiting.has(uid) || this.#running.has(uid)) return;
    const beganMs = this.#began.get(uid);
    if (beganMs !== undefined && this.#options.clock.monotonic() - beganMs < SPACING_MS) return;
    this.#waiting.set(uid, target);
    this.#startWaiting();
  }

  /** The last probe of the engine; `undefined` if there was none. */
  record(uid: string): ProbeRecord | undefined {
    return this.#records.get(uid);
  }

  /** Forgets all engines but these, and cancels their probes. */
  keep(uids: ReadonlySet<string>): void {
    for (const known of [this.#records, this.#began, this.#waiting]) {
      for (const uid of known.keys()) if (!uids.has(uid)) known.delete(uid);
    }
    for (const [uid, { cancel }] of this.#running) if (!uids.has(uid)) cancel.abort();
  }

  /** Cancels every probe; resolves when none is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waiting.clear();
    for (const { cancel } of this.#running.values()) cancel.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #startWaiting(): void {
    for (const [uid, target] of this.#waiting) {
      if (this.#running.size >= MAX_UNDER_WAY) return;
      this.#waiting.delete(uid);
      const cancel = new AbortController();
      const done = this.#run(target, cancel.signal).finally(() => {
        this.#running.delete(uid);
        this.#startWaiting();
      });
      this.#running.set(uid, { cancel, done });
    }
  }

  async #run(target: ProbeTarget, signal: AbortSignal): Promise<void> {
    const { clock, onResult } = this.#options;
    const { uid } = target;
    const sentAtMs = clock.now();
    this.#began.set(uid, clock.monotonic());
    this.#records.set(uid, { sentAtMs, outcome: 'Pending', message: 'a token was asked for' });
    const { outcome, message } = await this.#probe(target, signal);
    if (signal.aborted) return;
    const rank = target.rank === undefined ? '' : `rank ${target.rank}: `;
    this.#records.set(uid, { sentAtMs, endedAtMs: clock.now(), outcome, message: `${rank}${message}` });
    onResult(uid);
  }

  async #probe(target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
    const { address, port, model, rank } = target;
    const version = isIP(address);
    // A name could be made to lead anywhere; a pod has an address.
    if (version === 0) return { outcome: 'Inconclusive', message: `"${address}" is not an IP address` };
    const origin = `http://${version === 6 ? `[${address}]` : address}:${port}`;
    const connection = new ProbeConnection(origin, this.#options.clock, this.#options.engineProxyUrl);
    try {
      return await askForToken(connection, model, rank, signal);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { outcome: 'Inconclusive', message: `the probe itself failed: ${detail}` };
    } finally {
      await connection.close().catch(() => undefined);
    }
  }
}
