import { asWardenError } from '../errors.ts';
import type { Clock, Log } from '../runtime/ports.ts';
import type { UsageSource } from './usage-source.ts';

/** Allocatable memory changes when a kubelet is configured anew: hardly ever. */
const FRESH_MS = 3_600_000;
const RETRY_MS = 300_000;

interface Entry {
  readonly bytes: number | undefined;
  /** On the monotonic clock. */
  readonly readAgainMs: number;
}

/** The allocatable memory of nodes, read once an hour; a failure is tried again after five minutes. */
export class NodeMemory {
  readonly #source: Pick<UsageSource, 'nodeMemory'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #nodes = new Map<string, Entry>();

  constructor(source: Pick<UsageSource, 'nodeMemory'>, clock: Clock, log: Log) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
  }

  /** In bytes; undefined while it is not known. */
  bytes(node: string): number | undefined {
    return this.#nodes.get(node)?.bytes;
  }

  /** Reads what is due of these nodes, and forgets all others. Never rejects. */
  async refresh(wanted: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    for (const node of this.#nodes.keys()) if (!wanted.has(node)) this.#nodes.delete(node);
    for (const node of wanted) {
      const nowMs = this.#clock.monotonic();
      const known = this.#nodes.get(node);
      if (signal.aborted) return;
      if (known !== undefined && nowMs < known.readAgainMs) continue;
      try {
        const bytes = await this.#source.nodeMemory(node, signal);
        this.#nodes.set(node, { bytes, readAgainMs: nowMs + (bytes === undefined ? RETRY_MS : FRESH_MS) });
      } catch (thrown) {
        this.#nodes.set(node, { bytes: known?.bytes, readAgainMs: nowMs + RETRY_MS });
        this.#log.warn({ node }, `the node's memory is not known: ${asWardenError(thrown).message}`);
      }
    }
  }
}
