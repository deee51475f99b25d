import { asWardenError, ERROR_CATALOGUE } from '../errors.ts';
import type {
  Cancel,
  Clock,
  EventRecord,
  EventSink,
  Log,
  ObjectReference,
  Random,
  RuntimeMetrics,
} from './ports.ts';
import { Backoff } from './rate-limiter.ts';

/** An event as a controller sees it. */
export interface NewEvent {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** Why, CamelCase. */
  readonly reason: string;
  /** What was done or tried, CamelCase. */
  readonly action: string;
  /** A sentence with the numbers. */
  readonly note: string;
  /** Joins events whose notes differ in figures only; default: the note itself. */
  readonly dedupeKey?: string;
}

export interface EventRecorderOptions {
  readonly sink: EventSink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: RuntimeMetrics;
}

/** Events of one key, of which the API keeps one object with a count. */
interface Series {
  readonly key: string;
  readonly event: Omit<EventRecord, 'series'>;
  count: number;
  lastMs: number;
  /** The count the API knows; 0 before the event was created. */
  writtenCount: number;
  queued: boolean;
}

/** client-go's numbers: a series ends after 6 quiet minutes, 1000 may wait, 12 tries each. */
const SERIES_MS = 6 * 60_000;
const MAX_QUEUE = 1_000;
const MAX_TRIES = 12;

/** Beyond it the oldest series ends early; its next event starts a new one. */
const MAX_SERIES = 4_096;

/** Repeats are counted here and written at most this often. */
const SWEEP_MS = 60_000;
const BACKOFF = { baseMs: 500, capMs: 10_000, resetAfterMs: 60_000 };

/** Limits of events.k8s.io/v1. */
const MAX_NOTE = 1_000;
const MAX_NAME_PREFIX = 200;

/**
 * Tells people what happened, without ever making a pass wait or fail: events are queued, repeats
 * become a count, and what the API does not take is dropped and counted.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #backoff: Backoff;
  readonly #series = new Map<string, Series>();
  readonly #queue: Series[] = [];
  readonly #stop = new AbortController();
  #pumping: Promise<void> | undefined;
  #cancelSweep: Cancel | undefined;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#backoff = new Backoff(BACKOFF, options.clock, options.random);
  }

  record(event: NewEvent): void {
    const now = this.#options.clock.now();
    const key = keyOf(event);
    const known = this.#series.get(key);
    if (known !== undefined && now - known.lastMs < SERIES_MS) {
      known.count += 1;
      known.lastMs = now;
      return;
    }
    const series = {
      key,
      event: this.#named(event, now),
      count: 1,
      lastMs: now,
      writtenCount: 0,
      queued: false,
    };
    if (!this.#enqueue(series)) return;
    this.#series.set(key, series);
    this.#forgetOldest();
    this.#cancelSweep ??= this.#options.clock.after(SWEEP_MS, () => this.#sweep());
  }

  /** Writes what waits, for at most `timeoutMs`, and ends: later events are dropped. */
  async flush(timeoutMs: number): Promise<void> {
    this.#cancelSweep?.();
    this.#enqueueRepeats();
    const cancel = this.#options.clock.after(timeoutMs, () => this.#stop.abort());
    await this.#pumping;
    cancel();
    this.#stop.abort();
  }

  #named(event: NewEvent, now: number): Omit<EventRecord, 'series'> {
    const suffix = `${now.toString(16)}${Math.floor(this.#options.random() * 2 ** 32).toString(16)}`;
    return {
      name: `${event.regarding.name.slice(0, MAX_NAME_PREFIX)}.${suffix}`,
      regarding: event.regarding,
      related: event.related,
      type: event.type,
      reason: event.reason,
      action: event.action,
      note: event.note.length <= MAX_NOTE ? event.note : `${event.note.slice(0, MAX_NOTE - 1)}…`,
      eventTimeMs: now,
    };
  }

  #enqueue(series: Series): boolean {
    if (this.#stop.signal.aborted || this.#queue.length >= MAX_QUEUE) {
      this.#drop(series, this.#stop.signal.aborted ? 'Stopped' : 'QueueFull');
      return false;
    }
    series.queued = true;
    this.#queue.push(series);
    this.#pumping ??= this.#pump();
    return true;
  }

  #sweep(): void {
    this.#enqueueRepeats();
    const oldest = this.#options.clock.now() - SERIES_MS;
    for (const [key, series] of this.#series) {
      if (!series.queued && series.lastMs < oldest) this.#series.delete(key);
    }
    this.#cancelSweep =
      this.#series.size === 0 ? undefined : this.#options.clock.after(SWEEP_MS, () => this.#sweep());
  }

  #forgetOldest(): void {
    const oldest = this.#series.keys().next();
    if (this.#series.size > MAX_SERIES && oldest.done !== true) this.#series.delete(oldest.value);
  }

  #enqueueRepeats(): void {
    for (const series of this.#series.values()) {
      if (!series.queued && series.count > series.writtenCount) this.#enqueue(series);
    }
  }

  async #pump(): Promise<void> {
    for (let series = this.#queue.shift(); series !== undefined; series = this.#queue.shift()) {
      await this.#deliver(series);
      series.queued = false;
    }
    this.#pumping = undefined;
  }

  async #deliver(series: Series): Promise<void> {
    for (let attempt = 1; !this.#stop.signal.aborted; attempt += 1) {
      const count = series.count;
      try {
        await this.#write(series, count);
        series.writtenCount = count;
        return;
      } catch (thrown) {
        const error = asWardenError(thrown);
        const handling = ERROR_CATALOGUE[error.code];
        if (attempt >= MAX_TRIES || (handling !== 'Transient' && handling !== 'Waiting')) {
          this.#options.log.warn(
            { code: error.code, err: error, reason: series.event.reason },
            'an event was dropped',
          );
          this.#drop(series, error.code);
          return;
        }
        const delayMs = Math.max(this.#backoff.next(), error.retryAfterMs ?? 0);
        await this.#options.clock.sleep(delayMs, this.#stop.signal);
      }
    }
    this.#drop(series, 'Stopped');
  }

  async #write(series: Series, count: number): Promise<void> {
    const repeats = count === 1 ? undefined : { count, lastObservedTimeMs: series.lastMs };
    const record: EventRecord = { ...series.event, series: repeats };
    if (series.writtenCount === 0) await this.#options.sink.create(record, this.#stop.signal);
    else await this.#options.sink.updateSeries(record, this.#stop.signal);
  }

  /** The next event of this key starts anew: its object may have expired, or was never there. */
  #drop(series: Series, reason: string): void {
    if (this.#series.get(series.key) === series) this.#series.delete(series.key);
    this.#options.metrics.eventDropped(reason);
  }
}

function keyOf(event: NewEvent): string {
  const { regarding, related, type, reason, action, dedupeKey, note } = event;
  return JSON.stringify([regarding.uid, related?.uid, type, reason, action, dedupeKey ?? note]);
}
