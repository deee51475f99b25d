import { labelText, sameBytes } from './bytes.ts';
import { CacheConfigReader } from './cache-config.ts';
import { BREAKDOWNS, HISTOGRAMS, PROCESS_NAMES, SCALARS, type Family } from './families.ts';
import { HTTP_SLOTS } from './http-requests.ts';
import type { LabelReader } from './labels.ts';

/** Far above what exists: a page that goes over is refused, so that no page decides how much memory it takes. */
export const MOST_RANKS = 256;
export const MOST_REASONS = 64;
export const MOST_BUCKETS = 128;

/** One histogram series while its page is read. */
export class HistogramBuilder {
  readonly bounds: number[] = [];
  readonly cumulative: number[] = [];
  count = Number.NaN;
  sum = Number.NaN;
  /** Where the next bucket is expected: series come in the order of their bounds. */
  private cursor = 0;

  clear(): void {
    this.bounds.length = 0;
    this.cumulative.length = 0;
    this.rewind();
  }

  /** Forgets the figures but not the bounds: the next page of the same layout brings each of them again. */
  rewind(): void {
    this.count = Number.NaN;
    this.sum = Number.NaN;
    this.cursor = 0;
  }

  /** False if the series has more buckets than any real one. A bucket that comes twice counts once. */
  addBucket(bound: number, cumulative: number): boolean {
    const last = this.bounds[this.bounds.length - 1];
    if (last === undefined || bound > last) {
      this.bounds.push(bound);
      this.cumulative.push(cumulative);
      return this.bounds.length <= MOST_BUCKETS;
    }
    let at = this.bounds[this.cursor] === bound ? this.cursor : 0;
    while ((this.bounds[at] ?? Infinity) < bound) at++;
    if (this.bounds[at] === bound) {
      this.cumulative[at] = cumulative;
    } else {
      this.bounds.splice(at, 0, bound);
      this.cumulative.splice(at, 0, cumulative);
    }
    this.cursor = at + 1;
    return this.bounds.length <= MOST_BUCKETS;
  }
}

/**
 * The series of one data-parallel rank. A series that comes twice (a stray `pid` label on KV usage in 0.9.2–0.11,
 * vllm-project/vllm#28792) counts once, by its greatest value: the other processes' copies are stale zeros.
 */
export class Rank {
  readonly scalars = new Float64Array(SCALARS.length);
  readonly breakdowns: number[][] = BREAKDOWNS.map(() => []);
  readonly histograms: HistogramBuilder[] = HISTOGRAMS.map(() => new HistogramBuilder());
  engineStart = 0;
  engineEnd = 0;
  modelStart = 0;
  modelEnd = 0;
  workerStart = 0;
  workerEnd = 0;

  reset(labels: LabelReader): void {
    this.scalars.fill(Number.NaN);
    for (const values of this.breakdowns) values.length = 0;
    for (const histogram of this.histograms) histogram.clear();
    this.engineStart = labels.engine.start;
    this.engineEnd = labels.engine.end;
    this.modelStart = labels.model.start;
    this.modelEnd = labels.model.end;
    this.workerStart = labels.worker.start;
    this.workerEnd = labels.worker.end;
  }

  rewind(): void {
    this.scalars.fill(Number.NaN);
    for (const values of this.breakdowns) values.fill(Number.NaN);
    for (const histogram of this.histograms) histogram.rewind();
  }

  has(bytes: Uint8Array, labels: LabelReader): boolean {
    const { engine, model, worker } = labels;
    return (
      sameBytes(bytes, this.engineStart, this.engineEnd, bytes, engine.start, engine.end) &&
      sameBytes(bytes, this.modelStart, this.modelEnd, bytes, model.start, model.end) &&
      sameBytes(bytes, this.workerStart, this.workerEnd, bytes, worker.start, worker.end)
    );
  }

  addScalar(slot: number, value: number): void {
    const known = this.scalars[slot] ?? Number.NaN;
    if (!(known >= value)) this.scalars[slot] = value;
  }

  addBreakdown(slot: number, reason: number, value: number): void {
    const values = this.breakdowns[slot];
    if (values === undefined) return;
    while (values.length < reason) values.push(Number.NaN);
    if (!((values[reason] ?? Number.NaN) >= value)) values[reason] = value;
  }
}

/** Everything one page said, before it becomes a sample. Reused from page to page. */
export class PageState {
  readonly ranks: Rank[] = [];
  readonly reasons: string[] = [];
  readonly process: number[] = PROCESS_NAMES.map(() => Number.NaN);
  /** Generation requests by the class of their answer and by route, as `HTTP_SLOTS` says. */
  readonly http = new Float64Array(HTTP_SLOTS).fill(Number.NaN);
  readonly markers = new Set<number>();
  /** Families that are on the page but cannot be believed, and what is wrong with them. */
  readonly problems = new Map<string, string>();
  readonly cacheConfig = new CacheConfigReader();
  private readonly spare: Rank[] = [];
  private readonly reasonSlices: number[] = [];
  private current = 0;

  clear(): void {
    this.spare.push(...this.ranks.splice(0));
    this.reasons.length = 0;
    this.reasonSlices.length = 0;
    this.process.fill(Number.NaN);
    this.http.fill(Number.NaN);
    this.markers.clear();
    this.problems.clear();
    this.cacheConfig.clear();
    this.current = 0;
  }

  /** Forgets the figures and keeps the series: the next page of the same layout brings each of them again. */
  rewind(): void {
    for (const rank of this.ranks) rank.rewind();
    this.process.fill(Number.NaN);
    this.http.fill(Number.NaN);
    this.problems.clear();
  }

  /**
   * Takes in one value. `rank` is undefined for the families of the server's process, `reason` is the index of a
   * breakdown's reason or one of `HTTP_SLOTS` (-1 for any other), `bound` a bucket's upper bound. False if a histogram
   * then has more buckets than any real one.
   */
  put(family: Family, rank: Rank | undefined, reason: number, bound: number, value: number): boolean {
    if (family.kind === 'marker' || family.kind === 'cacheConfig') return true;
    // Counts, fractions, bytes and seconds: none of them is negative or without end.
    if (!(value >= 0 && value <= family.most) && reason >= 0) {
      const note = value > 1 && family.most === 1 ? ', which is no fraction' : '';
      this.problems.set(family.base, `${family.name} has the value ${value}${note}`);
    }
    switch (family.kind) {
      case 'scalar':
        rank?.addScalar(family.slot, value);
        return true;
      case 'breakdown':
        rank?.addBreakdown(family.slot, reason, value);
        return true;
      case 'bucket':
      case 'count':
      case 'sum': {
        const histogram = rank?.histograms[family.slot];
        if (histogram === undefined) return true;
        if (family.kind === 'bucket') return histogram.addBucket(bound, value);
        histogram[family.kind] = value;
        return true;
      }
      case 'process':
        this.process[family.slot] = value;
        return true;
      case 'http':
        if (reason >= 0 && !((this.http[reason] ?? Number.NaN) >= value)) this.http[reason] = value;
        return true;
    }
  }

  /** The rank that the labels name, made on first sight; `undefined` if there are too many. */
  rank(bytes: Uint8Array, labels: LabelReader): Rank | undefined {
    const expected = this.ranks[this.current];
    if (expected !== undefined && expected.has(bytes, labels)) return expected;
    const at = this.ranks.findIndex((rank) => rank.has(bytes, labels));
    if (at >= 0) {
      this.current = at;
      return this.ranks[at];
    }
    if (this.ranks.length >= MOST_RANKS) return undefined;
    const made = this.spare.pop() ?? new Rank();
    made.reset(labels);
    this.current = this.ranks.push(made) - 1;
    return made;
  }

  /** The index of the reason label's value; -1 if there are too many. */
  reason(bytes: Uint8Array, labels: LabelReader): number {
    const { start, end } = labels.reason;
    for (let i = 0; i < this.reasons.length; i++) {
      const from = this.reasonSlices[2 * i] ?? 0;
      const to = this.reasonSlices[2 * i + 1] ?? 0;
      if (sameBytes(bytes, from, to, bytes, start, end)) return i;
    }
    if (this.reasons.length >= MOST_REASONS) return -1;
    this.reasonSlices.push(start, end);
    return this.reasons.push(labelText(bytes, start, end)) - 1;
  }
}
