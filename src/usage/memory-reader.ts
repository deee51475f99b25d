import { ENGINE_CONTAINER, LABELS } from '../api/v1alpha1/constants.ts';
import { asWardenError } from '../errors.ts';
import type { Clock, Log } from '../runtime/ports.ts';
import type { MemorySnapshot } from '../snapshot/engine-snapshot.ts';
import { NodeMemory } from './node-memory.ts';
import type { MeasuredEngine, MeasuredPod, UsageSource } from './usage-source.ts';

export interface MemoryReaderOptions {
  readonly source: UsageSource;
  readonly clock: Clock;
  readonly log: Log;
}

/** metrics-server measures every 15 s by default, most clusters every 60 s. */
const INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 5_000;

interface Fleet {
  readonly engines: readonly MeasuredEngine[];
  readonly intervalMs: number;
}

/**
 * Keeps the memory that the engines of all fleets use, as metrics-server tells it: one list for each namespace that has
 * engines, once a minute or as often as one of its fleets asks for.
 */
export class MemoryReader {
  /** For the manager. */
  readonly name = 'memory';
  readonly #options: MemoryReaderOptions;
  readonly #nodes: NodeMemory;
  readonly #fleets = new Map<string, Fleet>();
  readonly #measured = new Map<string, Omit<MemorySnapshot, 'nodeAllocatableBytes'>>();
  readonly #engines = new Map<string, MeasuredEngine>();
  /** When a namespace was last listed, on the monotonic clock. */
  readonly #listedMs = new Map<string, number>();
  /** By namespace: why its last list brought nothing. */
  readonly #failures = new Map<string, string>();

  constructor(options: MemoryReaderOptions) {
    this.#options = options;
    this.#nodes = new NodeMemory(options.source, options.clock, options.log);
  }

  /**
   * Replaces the engines of one fleet; an empty list forgets the fleet.
   * @param intervalMs how often they are to be measured, at least every 5 s; default: once a minute
   */
  setEngines(fleet: string, engines: readonly MeasuredEngine[], intervalMs = INTERVAL_MS): void {
    const before = this.#fleets.get(fleet)?.engines ?? [];
    if (engines.length === 0) this.#fleets.delete(fleet);
    else this.#fleets.set(fleet, { engines, intervalMs: Math.max(intervalMs, MIN_INTERVAL_MS) });
    for (const { uid } of before) this.#engines.delete(uid);
    for (const engine of engines) this.#engines.set(engine.uid, engine);
    for (const { uid } of before) if (!this.#engines.has(uid)) this.#measured.delete(uid);
  }

  /** The last measurement of an engine, whenever it was made; `undefined` until there is one. */
  memory(uid: string): MemorySnapshot | undefined {
    const measured = this.#measured.get(uid);
    if (measured === undefined) return undefined;
    const node = boundBy(this.#engines.get(uid));
    const nodeAllocatableBytes = node === undefined ? undefined : this.#nodes.bytes(node);
    return nodeAllocatableBytes === undefined ? measured : { ...measured, nodeAllocatableBytes };
  }

  /** Why the engines of a namespace were not measured the last time, for people. */
  unavailable(namespace: string): string | undefined {
    return this.#failures.get(namespace);
  }

  /** Measures until the signal aborts. Never rejects: what fails is told by `unavailable` and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#readDue(signal);
      await this.#options.clock.sleep(MIN_INTERVAL_MS, signal);
    }
  }

  async #readDue(signal: AbortSignal): Promise<void> {
    const intervals = this.#intervals();
    for (const known of [this.#listedMs, this.#failures]) {
      for (const namespace of known.keys()) if (!intervals.has(namespace)) known.delete(namespace);
    }
    for (const [namespace, intervalMs] of intervals) {
      const nowMs = this.#options.clock.monotonic();
      const listedMs = this.#listedMs.get(namespace);
      if (signal.aborted) return;
      if (listedMs !== undefined && nowMs - listedMs < intervalMs) continue;
      this.#listedMs.set(namespace, nowMs);
      await this.#list(namespace, signal);
    }
    const nodes = [...this.#engines.values()].map(boundBy).filter((node) => node !== undefined);
    await this.#nodes.refresh(new Set(nodes), signal);
  }

  async #list(namespace: string, signal: AbortSignal): Promise<void> {
    try {
      const usage = await this.#options.source.podMetrics(namespace, LABELS.fleet, signal);
      if (usage.kind === 'Unavailable') return this.#fail(namespace, usage.message);
      this.#failures.delete(namespace);
      this.#keep(namespace, usage.pods);
    } catch (thrown) {
      const { code, message } = asWardenError(thrown);
      if (code !== 'Aborted') this.#fail(namespace, message);
    }
  }

  /** Logged when it is new: a cluster without metrics-server says the same each minute. */
  #fail(namespace: string, message: string): void {
    if (this.#failures.get(namespace) === message) return;
    this.#failures.set(namespace, message);
    this.#options.log.warn({ namespace }, `memory is not measured: ${message}`);
  }

  #keep(namespace: string, pods: readonly MeasuredPod[]): void {
    const byName = new Map(pods.map((pod) => [pod.name, pod]));
    for (const engine of this.#engines.values()) {
      const pod = engine.namespace === namespace ? byName.get(engine.name) : undefined;
      const workingSetBytes = pod?.workingSetBytes.get(ENGINE_CONTAINER);
      // An older figure is that of another pod which had the name before.
      if (pod === undefined || workingSetBytes === undefined || pod.atMs <= engine.createdAtMs) continue;
      this.#measured.set(engine.uid, { atMs: pod.atMs, workingSetBytes });
    }
  }

  /** The shortest interval that is asked for in each namespace, in ms. */
  #intervals(): ReadonlyMap<string, number> {
    const intervals = new Map<string, number>();
    for (const { engines, intervalMs } of this.#fleets.values()) {
      for (const { namespace } of engines) {
        intervals.set(namespace, Math.min(intervals.get(namespace) ?? Infinity, intervalMs));
      }
    }
    return intervals;
  }
}

/** The node whose memory is all that bounds the engine, if it has no limit of its own. */
function boundBy(engine: MeasuredEngine | undefined): string | undefined {
  return engine?.hasLimit === false ? engine.nodeName : undefined;
}
