import { PageState, type Rank } from './accumulate.ts';
import { BucketRun } from './bucket-run.ts';
import { CARRIAGE_RETURN, HASH, NEWLINE, NumberReader, OPEN_BRACE, nextLine, skipBlanks } from './bytes.ts';
import type { Family } from './families.ts';
import { LONGEST_LABEL_VALUE, LabelReader } from './labels.ts';

const PLUS = 43;
const MINUS = 45;

/** Why a line of a wanted family cannot be taken. */
export interface Fault {
  readonly reason: 'BadLine' | 'TooManySeries';
  readonly family: Family;
  readonly problem: string;
}

/**
 * Reads lines of wanted families into the state of their page. A read returns the position of the next line, or -1
 * with `fault` set.
 */
export class SeriesReader {
  readonly page = new PageState();
  /** What is wrong with the line whose read returned -1. */
  fault: Fault | undefined;
  private readonly labels = new LabelReader();
  private readonly number = new NumberReader();
  private readonly run = new BucketRun();

  /** Begins a page. */
  clear(): void {
    this.page.clear();
    this.run.clear();
    this.fault = undefined;
  }

  /** Whether the line at `start` is the next bucket of the series that was read last. */
  continuesRun(bytes: Uint8Array, start: number): boolean {
    return this.run.matches(bytes, start);
  }

  /** Reads the line that `continuesRun` has accepted. */
  readBucketOfRun(bytes: Uint8Array): number {
    const { family, histogram, labelsEnd, leStart, leEnd } = this.run;
    if (family === undefined || histogram === undefined) return nextLine(bytes, labelsEnd);
    const next = this.readValue(bytes, labelsEnd, family);
    if (next < 0) return -1;
    const value = this.number.value;
    this.judge(family, value);
    const bound = this.readBound(bytes, leStart, leEnd, family);
    if (Number.isNaN(bound)) return -1;
    return histogram.addBucket(bound, value) ? next : this.tooMany(family);
  }

  /** Reads a line from its start on, its family being known from its name. */
  read(bytes: Uint8Array, lineStart: number, nameEnd: number, family: Family): number {
    const labelsStart = skipBlanks(bytes, nameEnd);
    const labelsEnd = this.readLabels(bytes, labelsStart, family);
    if (labelsEnd < 0) return -1;
    const next = this.readValue(bytes, labelsEnd, family);
    if (next < 0) return -1;
    const value = this.number.value;
    switch (family.kind) {
      case 'marker':
        this.page.markers.add(family.slot);
        return next;
      case 'cacheConfig':
        return next;
      case 'process':
        this.judge(family, value);
        this.page.process[family.slot] = value;
        return next;
      case 'scalar':
      case 'breakdown':
      case 'bucket':
      case 'count':
      case 'sum':
        this.judge(family, value);
        return this.storeByRank(bytes, lineStart, labelsEnd, family) ? next : -1;
    }
  }

  /** The labels, if the series has any; the position after them. */
  private readLabels(bytes: Uint8Array, start: number, family: Family): number {
    const { labels } = this;
    labels.clear();
    if (bytes[start] !== OPEN_BRACE) return start;
    const block = family.kind === 'cacheConfig' ? this.page.cacheConfig : labels;
    const end = block.read(bytes, start + 1);
    if (end < 0) return this.bad(family, 'its labels are malformed');
    const longest = labels.longest();
    if (longest <= LONGEST_LABEL_VALUE) return end;
    return this.bad(family, `a label has ${longest} bytes, more than ${LONGEST_LABEL_VALUE}`);
  }

  /** The value, into `number`; what follows it on the line may be a time stamp or an exemplar, and is passed over. */
  private readValue(bytes: Uint8Array, start: number, family: Family): number {
    const { number } = this;
    number.read(bytes, skipBlanks(bytes, start));
    const { end } = number;
    if (end < 0) return this.bad(family, 'it has no number');
    if (bytes[end] === NEWLINE) return end + 1;
    const at = skipBlanks(bytes, end);
    const byte = bytes[at] ?? 0;
    if (byte === NEWLINE) return at + 1;
    if (byte === CARRIAGE_RETURN && bytes[at + 1] === NEWLINE) return at + 2;
    const extra = (byte >= 48 && byte <= 57) || byte === MINUS || byte === PLUS || byte === HASH;
    if (at > end && extra) return nextLine(bytes, at);
    return this.bad(family, 'something other than a time stamp follows its number');
  }

  /** A bucket's upper bound; NaN if the label holds none. */
  private readBound(bytes: Uint8Array, start: number, end: number, family: Family): number {
    const { number } = this;
    number.read(bytes, start);
    if (number.end === end && !Number.isNaN(number.value)) return number.value;
    this.bad(family, 'its le label is no number');
    return Number.NaN;
  }

  /** Counts, fractions, bytes and seconds: none of them is negative or without end. */
  private judge(family: Family, value: number): void {
    if (value >= 0 && value < Infinity) return;
    this.page.problems.set(family.base, `${family.name} has the value ${value}`);
  }

  private storeByRank(bytes: Uint8Array, lineStart: number, labelsEnd: number, family: Family): boolean {
    const rank = this.page.rank(bytes, this.labels);
    if (rank === undefined) return this.tooMany(family) >= 0;
    const { value } = this.number;
    if (family.kind === 'scalar') {
      rank.addScalar(family.slot, value);
      return true;
    }
    if (family.kind === 'breakdown') {
      const reason = this.page.reason(bytes, this.labels);
      if (reason < 0) return this.tooMany(family) >= 0;
      rank.addBreakdown(family.slot, reason, value);
      return true;
    }
    return this.storeHistogram(bytes, lineStart, labelsEnd, family, rank);
  }

  private storeHistogram(
    bytes: Uint8Array,
    lineStart: number,
    labelsEnd: number,
    family: Family,
    rank: Rank,
  ): boolean {
    const histogram = rank.histograms[family.slot];
    const { value } = this.number;
    if (histogram === undefined) return true;
    if (family.kind === 'count' || family.kind === 'sum') {
      histogram[family.kind] = value;
      return true;
    }
    const { le } = this.labels;
    const bound = this.readBound(bytes, le.start, le.end, family);
    if (Number.isNaN(bound)) return false;
    this.run.begin(lineStart, le, labelsEnd, family, histogram);
    return histogram.addBucket(bound, value) || this.tooMany(family) >= 0;
  }

  private bad(family: Family, problem: string): -1 {
    this.fault = { reason: 'BadLine', family, problem };
    return -1;
  }

  private tooMany(family: Family): -1 {
    const problem =
      'more series than any vLLM engine has: at most 256 ranks, 64 reasons and 128 buckets are read';
    this.fault = { reason: 'TooManySeries', family, problem };
    return -1;
  }
}
