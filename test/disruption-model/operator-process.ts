import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { SERVING, LABELS } from '../../src/api/v1alpha1/constants.ts';
import { newCaches, type Caches } from '../../src/controllers/vllm-deployment/caches.ts';
import { FleetController } from '../../src/controllers/vllm-deployment/controller.ts';
import { asWardenError, type WardenError } from '../../src/errors.ts';
import type { Clock } from '../../src/runtime/ports.ts';
import { parseKey } from '../../src/runtime/keys.ts';
import { silentLog } from '../../src/runtime/silent.ts';
import { WriteBarrier } from '../../src/runtime/write-barrier.ts';
import { virtualKubeClient, type ApiCall, type Gate } from '../virtual-cluster/kube-client.ts';
import type { VirtualCluster } from '../virtual-cluster/virtual-cluster.ts';
import { STORES, type OperatorWatches, type StoreName } from './operator-watches.ts';
import { VirtualPages } from './pages.ts';
import { NO_HISTORIES, NO_USAGE } from '../builders/senses.ts';
import { VirtualProber } from './prober.ts';

/** What happens to a process at one of its requests. */
export interface Interruption {
  /** The how-manieth request from now. */
  readonly atCall: number;
  /** Before the request takes effect, or after, when its answer is on the way. */
  readonly when: 'Before' | 'After';
  /** `Nothing`: it goes on, once `meanwhile` is over. */
  readonly ending: 'Nothing' | 'Crash' | 'Suspend';
  /** What others do at this moment. */
  readonly meanwhile: () => void;
}

/** How a pass ended, or that it did not. */
export type PassEnd = 'Done' | 'CatchingUp' | 'Crashed' | 'Suspended' | WardenError;

/** What the caches showed when a pass began. */
export interface View {
  readonly fleet: VLLMDeployment | undefined;
  /** The uids of the engines that served. */
  readonly serving: ReadonlySet<string>;
  /** Those that stood still when their pages were read. */
  readonly wedged: ReadonlySet<string>;
  /** Those that were asked for a token and did not answer. */
  readonly silent: ReadonlySet<string>;
}

/** Is told which process makes a request, while the request takes effect. */
export type Attribute = <T>(view: View, effect: () => T) => T;

const REFRESH_MS = 60_000;

/** One process of the operator that leads, or believes it does: the real controller on caches of its own. */
export class OperatorProcess {
  readonly #key: string;
  readonly #attribute: Attribute;
  readonly #caches: Caches;
  readonly #feeds;
  readonly #barrier: WriteBarrier;
  readonly #controller: FleetController;
  readonly pages: VirtualPages;
  readonly #prober: VirtualProber;
  #calls = 0;
  #interruption: Interruption | undefined;
  #held = Promise.withResolvers<'Crashed' | 'Suspended'>();
  #wake: (() => void) | undefined;
  #pass: Promise<PassEnd> | undefined;
  #view: View | undefined;

  constructor(cluster: VirtualCluster, watches: OperatorWatches, key: string, attribute: Attribute) {
    this.#key = key;
    this.#attribute = attribute;
    this.#caches = newCaches(silentLog);
    this.#feeds = watches.follow(this.#caches);
    this.#barrier = new WriteBarrier(clockOf(cluster));
    this.pages = new VirtualPages(cluster.engines);
    this.#prober = new VirtualProber(cluster);
    this.#controller = new FleetController({
      kube: virtualKubeClient(cluster.api, this.#gate),
      caches: this.#caches,
      barrier: this.#barrier,
      scraper: this.pages,
      prober: this.#prober,
      usage: NO_USAGE,
      histories: NO_HISTORIES,
      events: { record: () => undefined },
      metrics: { decided: () => undefined, forgotten: () => undefined },
      statusRefreshMs: REFRESH_MS,
    });
  }

  deliver(store: StoreName, most = Infinity): number {
    return this.#feeds[store].deliver(most);
  }

  deliverAll(): number {
    return STORES.reduce((sum, store) => sum + this.deliver(store), 0);
  }

  /** Undefined: whatever was to stop it does not any more. */
  interrupt(interruption: Interruption | undefined): void {
    this.#interruption = interruption && { ...interruption, atCall: this.#calls + interruption.atCall };
  }

  /** One pass, unless the caches have yet to show what the last one wrote. */
  async pass(nowMs: number): Promise<PassEnd> {
    if (!this.#barrier.caughtUp(this.#key)) return 'CatchingUp';
    this.#view = this.#look();
    this.#pass = this.#reconcile(nowMs);
    return this.#untilHeld(this.#pass);
  }

  /** A suspended process goes on with the pass that it was in. */
  async wake(): Promise<PassEnd> {
    this.#held = Promise.withResolvers();
    this.#wake?.();
    return this.#untilHeld(this.#pass ?? Promise.resolve('Done'));
  }

  #look(): View {
    const { fleets, pods } = this.#caches;
    const serving = pods.byIndex('fleet', this.#key).filter(({ metadata, status }) => {
      const isReady = status.conditions.some(
        ({ type, status: value }) => type === 'Ready' && value === 'True',
      );
      const isListed = metadata.labels?.[LABELS.serving] === SERVING.true;
      return isReady && isListed && metadata.deletionTimestamp === undefined;
    });
    return {
      fleet: fleets.get(this.#key),
      serving: new Set(serving.map(({ metadata }) => metadata.uid)),
      wedged: this.pages.wedged,
      silent: this.#prober.silent,
    };
  }

  #untilHeld(pass: Promise<PassEnd>): Promise<PassEnd> {
    return Promise.race([pass, this.#held.promise]);
  }

  async #reconcile(nowMs: number): Promise<PassEnd> {
    const context = { log: silentLog, signal: new AbortController().signal, now: nowMs, reconcileId: '' };
    try {
      await this.#controller.reconcile(parseKey(this.#key), context);
      return 'Done';
    } catch (error) {
      return asWardenError(error);
    }
  }

  readonly #gate: Gate = async <T>(_call: ApiCall, effect: () => T): Promise<T> => {
    this.#calls += 1;
    const due = this.#interruption?.atCall === this.#calls ? this.#interruption : undefined;
    if (due?.when === 'Before') await this.#hold(due);
    const answer = outcomeOf(() => this.#attribute(this.#view ?? this.#look(), effect));
    if (due?.when === 'After') await this.#hold(due);
    return answer();
  };

  async #hold({ ending, meanwhile }: Interruption): Promise<void> {
    meanwhile();
    if (ending === 'Nothing') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    // What has crashed is never woken.
    if (ending === 'Suspend') this.#wake = resolve;
    this.#held.resolve(ending === 'Crash' ? 'Crashed' : 'Suspended');
    await promise;
  }
}

/** Carries it out now; what it returned or threw comes with the answer. */
function outcomeOf<T>(effect: () => T): () => T {
  try {
    const value = effect();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The cluster's time; nothing here waits for a timer. */
function clockOf(cluster: VirtualCluster): Clock {
  return {
    now: () => cluster.nowMs,
    monotonic: () => cluster.nowMs,
    after: () => () => undefined,
    sleep: () => Promise.resolve(),
  };
}
