import type { FleetControllerOptions } from '../../src/controllers/vllm-deployment/controller.ts';
import type { ScrapeTarget } from '../../src/scraper/target.ts';
import { append, EMPTY_HISTORY, type EngineHistory } from '../../src/signals/history.ts';
import type { Engines } from '../virtual-cluster/engines.ts';

/** The scraper of one process: reads the pages of its targets when it is told to. */
export class VirtualPages implements Pick<
  FleetControllerOptions['scraper'],
  'setTargets' | 'history' | 'version'
> {
  readonly #engines: Engines;
  readonly #histories = new Map<string, EngineHistory>();
  #targets: readonly ScrapeTarget[] = [];
  #wedged: ReadonlySet<string> = new Set();

  constructor(engines: Engines) {
    this.#engines = engines;
  }

  setTargets(_fleet: string, targets: readonly ScrapeTarget[]): void {
    this.#targets = targets;
    const uids = new Set(targets.map(({ uid }) => uid));
    for (const uid of this.#histories.keys()) if (!uids.has(uid)) this.#histories.delete(uid);
  }

  history(uid: string): EngineHistory | undefined {
    return this.#histories.get(uid);
  }

  version(): undefined {
    return undefined;
  }

  /** Engines that stood still when they were read. */
  get wedged(): ReadonlySet<string> {
    return this.#wedged;
  }

  /** One tick: every target that answers has a page more. */
  read(nowMs: number): void {
    this.#wedged = new Set(
      this.#targets.filter(({ uid }) => this.#engines.isWedged(uid)).map(({ uid }) => uid),
    );
    for (const { uid } of this.#targets) {
      const sample = this.#engines.page(uid);
      if (sample === undefined) continue;
      this.#histories.set(uid, append(this.#histories.get(uid) ?? EMPTY_HISTORY, { atMs: nowMs, sample }));
    }
  }
}
