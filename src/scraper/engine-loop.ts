import { isIP } from 'node:net';
import { z } from 'zod';
import { LayoutMemory } from '../engine/layout-memory.ts';
import type { EngineSample } from '../engine/sample.ts';
import { PageReader } from '../engine/scan.ts';
import type { Clock, Random } from '../runtime/ports.ts';
import { EMPTY_HISTORY, append, withFailure, type EngineHistory } from '../signals/history.ts';
import type { FetchResult, Limits, PageClient } from './page-client.ts';
import type { ScrapeFailureReason, ScrapeTarget } from './target.ts';

/** A busy engine took 4.8 s for its page; a black-holed one holds one socket for so long. */
const PAGE_LIMITS: Limits = { timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024 };
const VERSION_LIMITS: Limits = { timeoutMs: 5_000, maxBytes: 16 * 1024 };
/** A server without /version (a proxy, another program) is not asked for ever. */
const VERSION_ATTEMPTS = 3;

/** The engines of a fleet show pages of one layout. */
const LAYOUTS = new LayoutMemory();

const VersionAnswer = z.object({ version: z.string().min(1).max(64) });

/** What a loop tells as it goes. */
export interface LoopEvents {
  page(sample: EngineSample, seconds: number, bytes: number): void;
  failed(reason: ScrapeFailureReason, seconds: number): void;
  skipped(ticks: number): void;
}

export interface LoopPorts {
  readonly client: PageClient;
  readonly clock: Clock;
  readonly random: Random;
}

/** Reads one engine's page at its interval until it is stopped, and keeps what it said. */
export class EngineLoop {
  target: ScrapeTarget;
  history: EngineHistory = EMPTY_HISTORY;
  version: string | undefined;
  readonly done: Promise<void>;
  readonly #ports: LoopPorts;
  readonly #events: LoopEvents;
  readonly #stop = new AbortController();
  readonly #pages = new PageReader(LAYOUTS);
  #versionAttempts = 0;

  constructor(target: ScrapeTarget, ports: LoopPorts, events: LoopEvents) {
    this.target = target;
    this.#ports = ports;
    this.#events = events;
    this.done = this.#run();
  }

  stop(): void {
    this.#stop.abort();
  }

  /**
   * Ticks keep to a grid that begins at a random point of the first interval, so that the engines of a fleet are not
   * asked all at once. A tick that falls due while a page is under way is skipped.
   */
  async #run(): Promise<void> {
    const { clock, random } = this.#ports;
    const { signal } = this.#stop;
    await clock.sleep(random() * this.target.intervalMs, signal);
    let dueMs = clock.monotonic();
    while (!signal.aborted) {
      await this.#tick();
      const nowMs = clock.monotonic();
      dueMs += this.target.intervalMs;
      if (dueMs < nowMs) {
        const missed = Math.ceil((nowMs - dueMs) / this.target.intervalMs);
        this.#events.skipped(missed);
        dueMs += missed * this.target.intervalMs;
      }
      await clock.sleep(dueMs - nowMs, signal);
    }
  }

  /** One page. Whatever goes wrong, even in our own code, is this engine's failure and nobody else's. */
  async #tick(): Promise<void> {
    const { clock } = this.#ports;
    const startMs = clock.monotonic();
    try {
      const answer = await this.#get(this.target.path, PAGE_LIMITS);
      if (this.#stop.signal.aborted) return;
      const page = answer.ok ? this.#pages.read(answer.body, PAGE_LIMITS.maxBytes) : answer;
      if (!page.ok) {
        this.#fail(page.reason, page.message, startMs);
        return;
      }
      const sample = { ...page.sample, version: this.version };
      this.history = append(this.history, { atMs: clock.now(), sample });
      const bytes = answer.ok ? answer.body.length : 0;
      this.#events.page(sample, (clock.monotonic() - startMs) / 1000, bytes);
      if (this.version === undefined) await this.#askVersion();
    } catch (error) {
      this.#fail('Unexpected', error instanceof Error ? error.message : String(error), startMs);
    }
  }

  #fail(reason: ScrapeFailureReason, message: string, startMs: number): void {
    const { clock } = this.#ports;
    this.history = withFailure(this.history, {
      atMs: clock.now(),
      reason,
      message: `${this.#address()}: ${message}`,
    });
    this.#events.failed(reason, (clock.monotonic() - startMs) / 1000);
  }

  /** The version is asked for once a page has come: before that the server is still loading the model. */
  async #askVersion(): Promise<void> {
    if (this.#versionAttempts >= VERSION_ATTEMPTS) return;
    this.#versionAttempts++;
    const answer = await this.#get('/version', VERSION_LIMITS);
    if (answer.ok) this.version = parseVersion(answer.body);
  }

  #get(path: string, limits: Limits): Promise<FetchResult> {
    const { address } = this.target;
    // A name could be made to lead anywhere; a pod has an address.
    if (isIP(address) === 0) {
      const message = `"${address}" is not an IP address`;
      return Promise.resolve({ ok: false, reason: 'BadAddress', message });
    }
    return this.#ports.client.get(`http://${this.#address()}`, path, limits, this.#stop.signal);
  }

  #address(): string {
    const { address, port } = this.target;
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  }
}

/** The version that a `/version` answer names, or `undefined` if it names none. */
export function parseVersion(body: Uint8Array): string | undefined {
  try {
    const parsed = VersionAnswer.safeParse(JSON.parse(new TextDecoder().decode(body)));
    return parsed.success ? parsed.data.version : undefined;
  } catch {
    return undefined;
  }
}
