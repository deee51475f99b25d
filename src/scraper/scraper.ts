import type { Clock, Random } from '../runtime/ports.ts';
import type { EngineHistory } from '../signals/history.ts';
import { EngineLoop, type LoopPorts } from './engine-loop.ts';
import { PageClient } from './page-client.ts';
import type { OnPage, ScrapeTarget, ScraperMetrics } from './target.ts';

export interface ScraperOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: ScraperMetrics;
  readonly onPage: OnPage;
  /** HTTP proxy that carries connections to engines by CONNECT; absent: engines are reached directly. */
  readonly engineProxyUrl?: string | undefined;
}

/**
 * Keeps the recent metrics pages of every engine of every fleet. Each engine has a loop of its own, so a slow one
 * delays no other, and what is known of an engine goes with its uid.
 */
export class Scraper {
  readonly #options: ScraperOptions;
  readonly #ports: LoopPorts;
  readonly #fleets = new Map<string, Map<string, EngineLoop>>();
  readonly #loops = new Map<string, EngineLoop>();
  readonly #ending = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: ScraperOptions) {
    this.#options = options;
    this.#ports = {
      client: new PageClient(options.clock, options.engineProxyUrl),
      clock: options.clock,
      random: options.random,
    };
  }

  /** Replaces the engines of one fleet; an empty list forgets the fleet. */
  setTargets(fleet: string, targets: readonly ScrapeTarget[]): void {
    if (this.#stopped) return;
    const before = this.#fleets.get(fleet) ?? new Map<string, EngineLoop>();
    const after = new Map<string, EngineLoop>();
    for (const target of targets) {
      const loop = before.get(target.uid) ?? this.#start(fleet, target);
      loop.target = target;
      before.delete(target.uid);
      after.set(target.uid, loop);
    }
    for (const [uid, loop] of before) this.#end(uid, loop);
    if (after.size === 0) this.#fleets.delete(fleet);
    else this.#fleets.set(fleet, after);
    this.#options.metrics.targets(this.#loops.size);
  }

  /** What is known of an engine; `undefined` if it is no target. */
  history(uid: string): EngineHistory | undefined {
    return this.#loops.get(uid)?.history;
  }

  /** What the engine's `/version` answered; `undefined` until it has. */
  version(uid: string): string | undefined {
    return this.#loops.get(uid)?.version;
  }

  /** Ends every loop and cuts every connection; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const [uid, loop] of this.#loops) this.#end(uid, loop);
    this.#fleets.clear();
    await Promise.all(this.#ending);
    await this.#ports.client.close();
  }

  #start(fleet: string, target: ScrapeTarget): EngineLoop {
    const { metrics, onPage } = this.#options;
    const loop = new EngineLoop(target, this.#ports, {
      page: (sample, seconds, bytes) => {
        metrics.scraped(fleet, seconds, bytes);
        onPage(fleet, target.uid, sample);
      },
      failed: (reason, seconds) => metrics.scrapeFailed(fleet, reason, seconds),
      skipped: (ticks) => metrics.scrapesSkipped(fleet, ticks),
    });
    this.#loops.set(target.uid, loop);
    return loop;
  }

  #end(uid: string, loop: EngineLoop): void {
    loop.stop();
    this.#loops.delete(uid);
    const ended = loop.done.finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}
