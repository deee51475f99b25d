import { GROUP, LABELS, MANAGED_BY } from '../api/v1alpha1/constants.ts';
import { asWardenError, WardenError } from '../errors.ts';
import type { Clock, Log, Random } from '../runtime/ports.ts';
import type { HistoryMaps, MapMeta } from './history-maps.ts';

export interface HistoryStoreOptions {
  readonly maps: HistoryMaps;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** UIDs of all fleets there are, from a cache that has synced: what is kept of others is deleted. */
  readonly livingFleets: () => ReadonlySet<string>;
}

/**
 * What is kept of a fleet.
 *
 * - `None`: nothing was ever kept.
 * - `Unreadable`: an object has its name that this operator did not write so; the next `save` takes its place.
 * - `Failed`: the API did not answer; ask again, and nothing is saved until then.
 */
export type LoadedHistory =
  | { readonly kind: 'Loaded'; readonly text: string }
  | { readonly kind: 'None' }
  | { readonly kind: 'Unreadable'; readonly message: string }
  | { readonly kind: 'Failed'; readonly message: string };

/** `NotLoaded`: what is kept was not read yet, and must not be overwritten. */
export type SaveOutcome =
  | { readonly kind: 'Accepted' }
  | { readonly kind: 'Refused'; readonly reason: 'TooLarge' | 'NotLoaded'; readonly message: string };

/** The label by which the ConfigMaps are found. */
export const HISTORY_LABEL = `${GROUP}/history`;
/** The fleet's uid follows. */
const NAME_PREFIX = 'vllm-warden-history-';
const DATA_KEY = 'history.json';
const MAX_BYTES = 32 * 1024;
const SAVE_INTERVAL_MS = 600_000;
/** After its start a leader has a history to save of every fleet: they are spread over so long. */
const FIRST_SAVE_SPREAD_MS = 60_000;
const SWEEP_INTERVAL_MS = 3_600_000;
const TICK_MS = 5_000;
const RETRY_BASE_MS = 30_000;

/** What is known of one fleet's ConfigMap. Times by the monotonic clock. */
interface Entry {
  resourceVersion: string | undefined;
  /** An object under the name whose fields of others an apply would leave: it is deleted first. */
  broken: MapMeta | undefined;
  savedText: string | undefined;
  wanted: { readonly fleet: string; readonly text: string } | undefined;
  saveFromMs: number;
  failures: number;
}

/**
 * Keeps one text for each fleet in a ConfigMap of the operator's own namespace, so that it outlives the operator. The
 * text is written when it has changed, at most once in ten minutes; what goes wrong is told by `problem` and tried
 * again. Only the leader may run one.
 */
export class HistoryStore {
  /** For the manager. */
  readonly name = 'history';
  readonly #options: HistoryStoreOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #problems = new Map<string, string>();

  constructor(options: HistoryStoreOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async load(fleetUid: string, signal: AbortSignal): Promise<LoadedHistory> {
    try {
      const found = await this.#options.maps.get(nameOf(fleetUid), signal);
      const text = found?.content.ok === true ? found.content.data[DATA_KEY] : undefined;
      this.#entries.set(fleetUid, {
        resourceVersion: found?.meta.resourceVersion,
        broken: found?.content.ok === false ? found.meta : undefined,
        savedText: text,
        wanted: undefined,
        saveFromMs: this.#nowMs() + this.#options.random() * FIRST_SAVE_SPREAD_MS,
        failures: 0,
      });
      this.#problems.delete(fleetUid);
      if (found === undefined) return { kind: 'None' };
      if (text !== undefined) return { kind: 'Loaded', text };
      const why = found.content.ok ? `it has no ${DATA_KEY}` : found.content.message;
      return { kind: 'Unreadable', message: `ConfigMap ${nameOf(fleetUid)}: ${why}` };
    } catch (thrown) {
      const { message } = asWardenError(thrown);
      this.#problems.set(fleetUid, `the history cannot be read: ${message}`);
      return { kind: 'Failed', message };
    }
  }

  /**
   * Takes the text that is to be kept from now on; the latest is written when the time has come.
   * @param fleet `namespace/name`, for people
   */
  save(fleetUid: string, fleet: string, text: string): SaveOutcome {
    const entry = this.#entries.get(fleetUid);
    if (entry === undefined) {
      const message = 'the history that is kept was not read yet';
      return { kind: 'Refused', reason: 'NotLoaded', message };
    }
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_BYTES) {
      const message = `the history has ${bytes} bytes; at most ${MAX_BYTES} are kept`;
      this.#problems.set(fleetUid, message);
      return { kind: 'Refused', reason: 'TooLarge', message };
    }
    const isKept = text === entry.savedText;
    entry.wanted = isKept ? undefined : { fleet, text };
    if (isKept) this.#problems.delete(fleetUid);
    return { kind: 'Accepted' };
  }

  /** Why the last thing that was tried for the fleet failed, for people. */
  problem(fleetUid: string): string | undefined {
    return this.#problems.get(fleetUid);
  }

  /** Deletes what is kept of fleets that are gone. Rejects with a `WardenError` when they cannot be listed. */
  async sweep(signal: AbortSignal): Promise<void> {
    const found = await this.#options.maps.list(`${HISTORY_LABEL}=true`, signal);
    // Asked after the list: a fleet of which something is kept was in the cache before that.
    const living = this.#options.livingFleets();
    for (const known of [this.#entries, this.#problems]) {
      for (const uid of known.keys()) if (!living.has(uid)) known.delete(uid);
    }
    for (const { name, uid, resourceVersion } of found) {
      if (!name.startsWith(NAME_PREFIX) || living.has(name.slice(NAME_PREFIX.length))) continue;
      try {
        await this.#options.maps.delete(name, { uid, resourceVersion }, signal);
        this.#options.log.info({ configMap: name }, 'deleted the history of a fleet that is gone');
      } catch (thrown) {
        this.#tellSweepFailed(thrown);
      }
    }
  }

  /** Writes what is due, and sweeps at the start and each hour, until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let sweepFromMs = this.#nowMs();
    while (!signal.aborted) {
      if (this.#nowMs() >= sweepFromMs) {
        sweepFromMs = this.#nowMs() + SWEEP_INTERVAL_MS;
        await this.sweep(signal).catch((thrown: unknown) => this.#tellSweepFailed(thrown));
      }
      for (const [uid, entry] of this.#entries) {
        const isDue = entry.wanted !== undefined && this.#nowMs() >= entry.saveFromMs;
        if (isDue && !signal.aborted) await this.#write(uid, entry, signal);
      }
      await this.#options.clock.sleep(TICK_MS, signal);
    }
  }

  async #write(uid: string, entry: Entry, signal: AbortSignal): Promise<void> {
    const { wanted } = entry;
    if (wanted === undefined) return;
    try {
      if (entry.broken !== undefined) await this.#makeRoom(entry, entry.broken, signal);
      entry.resourceVersion = await this.#apply(uid, entry.resourceVersion, wanted, signal);
      entry.savedText = wanted.text;
      if (entry.wanted === wanted) entry.wanted = undefined;
      entry.saveFromMs = this.#nowMs() + SAVE_INTERVAL_MS;
      entry.failures = 0;
      this.#problems.delete(uid);
    } catch (thrown) {
      const error = asWardenError(thrown);
      if (error.code === 'Aborted') return;
      const delayMs = Math.min(RETRY_BASE_MS * 2 ** entry.failures, SAVE_INTERVAL_MS);
      entry.saveFromMs = this.#nowMs() + delayMs * (1 + this.#options.random() / 2);
      entry.failures += 1;
      this.#problems.set(uid, `the history cannot be kept: ${error.message}`);
      this.#options.log.warn({ fleet: wanted.fleet }, `the history cannot be kept: ${error.message}`);
    }
  }

  async #makeRoom(entry: Entry, { name, uid, resourceVersion }: MapMeta, signal: AbortSignal): Promise<void> {
    await this.#options.maps.delete(name, { uid, resourceVersion }, signal);
    entry.broken = undefined;
    entry.resourceVersion = undefined;
  }

  /** Whoever changed or deleted the object since, the leader's text is the newest: it is written over that. */
  async #apply(
    uid: string,
    resourceVersion: string | undefined,
    wanted: { readonly fleet: string; readonly text: string },
    signal: AbortSignal,
  ): Promise<string> {
    const name = nameOf(uid);
    const map = {
      name,
      labels: { [HISTORY_LABEL]: 'true', [LABELS.managedBy]: MANAGED_BY },
      annotations: { [`${HISTORY_LABEL}-of`]: wanted.fleet },
      data: { [DATA_KEY]: wanted.text },
    };
    try {
      return (await this.#options.maps.apply({ ...map, resourceVersion }, signal)).resourceVersion;
    } catch (error) {
      const hasChanged =
        error instanceof WardenError && (error.code === 'ApiConflict' || error.code === 'ApiNotFound');
      if (!hasChanged || resourceVersion === undefined) throw error;
      const live = await this.#options.maps.get(name, signal);
      const written = await this.#options.maps.apply(
        { ...map, resourceVersion: live?.meta.resourceVersion },
        signal,
      );
      return written.resourceVersion;
    }
  }

  #tellSweepFailed(thrown: unknown): void {
    const { code, message } = asWardenError(thrown);
    if (code !== 'Aborted')
      this.#options.log.warn({}, `histories of gone fleets cannot be deleted: ${message}`);
  }

  #nowMs(): number {
    return this.#options.clock.monotonic();
  }
}

function nameOf(fleetUid: string): string {
  return `${NAME_PREFIX}${fleetUid}`;
}
