import { PageState, type Rank } from './accumulate.ts';
import { BucketRun } from './bucket-run.ts';
import { CARRIAGE_RETURN, HASH, NEWLINE, NumberReader, OPEN_BRACE, nextLine, skipBlanks } from './bytes.ts';
import type { CacheConfigReader } from './cache-config.ts';
import type { Family } from './families.ts';
import { HttpRequestsReader } from './http-requests.ts';
import { LONGEST_LABEL_VALUE, LabelReader } from './labels.ts';
import type { ValueLog } from './layout.ts';

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
  page = new PageState();
  /** What is wrong with the line whose read returned -1. */
  fault: Fault | undefined;
  private readonly labels = new LabelReader();
  private readonly httpRequests = new HttpRequestsReader();
  private readonly number = new NumberReader();
  private readonly run = new BucketRun();
  private log: ValueLog | undefined;
  private valueStart = 0;

  /** Begins a page; `log` notes where its values stand, for a reader that learns its layout. */
  clear(bytes: Uint8Array, log?: ValueLog): void {
    this.page.clear();
    this.run.clear(bytes);
    this.fault = undefined;
    this.log = log;
  }

  /** Passes over the line at `start` that ends before `next`. */
  skip(bytes: Uint8Array, start: number, next: number): number {
    this.log?.addUnwanted(bytes, start, next);
    return next;
  }

  /** Gives the state of the page that was read away. */
  releasePage(): PageState {
    const { page } = this;
    this.page = new PageState();
    return page;
  }

  /** Whether the line at `start` is the next bucket of the series that was read last. */
  continuesRun(bytes: Uint8Array, start: number): boolean {
    return this.run.matches(bytes, start);
  }

  /** Reads the line that `continuesRun` has accepted. */
  readBucketOfRun(bytes: Uint8Array): number {
    const { family, rank, labelsEnd, leStart, leEnd } = this.run;
    if (family === undefined) return nextLine(bytes, labelsEnd);
    const next = this.readValue(bytes, labelsEnd, family);
    if (next < 0) return -1;
    const { value, end } = this.number;
    const bound = this.readBound(bytes, leStart, leEnd, family);
    if (Number.isNaN(bound)) return -1;
    return this.keep(bytes, family, rank, 0, bound, value, end) ? next : -1;
  }

  /** Reads a line from its start on, its family being known from its name. */
  read(bytes: Uint8Array, lineStart: number, nameEnd: number, family: Family): number {
    const labelsStart = skipBlanks(bytes, nameEnd);
    const labelsEnd = this.readLabels(bytes, labelsStart, family);
    if (labelsEnd < 0) return -1;
    const next = this.readValue(bytes, labelsEnd, family);
    if (next < 0) return -1;
    return this.store(bytes, lineStart, labelsEnd, family) ? next : -1;
  }

  /** Finds out where the value goes. False, with a fault, if there is no such place. */
  private store(bytes: Uint8Array, lineStart: number, labelsEnd: number, family: Family): boolean {
    const { value, end } = this.number;
    const { kind } = family;
    if (kind === 'marker') this.page.markers.add(family.slot);
    if (kind === 'marker' || kind === 'cacheConfig' || kind === 'process')
      return this.keep(bytes, family, undefined, 0, 0, value, end);
    if (kind === 'http') return this.keep(bytes, family, undefined, this.httpRequests.slot, 0, value, end);
    const rank = this.page.rank(bytes, this.labels);
    if (rank === undefined) return this.tooMany(family) >= 0;
    if (kind === 'breakdown') {
      const reason = this.page.reason(bytes, this.labels);
      if (reason < 0) return this.tooMany(family) >= 0;
      return this.keep(bytes, family, rank, reason, 0, value, end);
    }
    if (kind !== 'bucket') return this.keep(bytes, family, rank, 0, 0, value, end);
    const { le } = this.labels;
    const bound = this.readBound(bytes, le.start, le.end, family);
    if (Number.isNaN(bound)) return false;
    this.run.begin(lineStart, le, labelsEnd, family, rank);
    return this.keep(bytes, family, rank, 0, bound, value, end);
  }

  /** Stores the value that ends at `end`. */
  private keep(
    bytes: Uint8Array,
    family: Family,
    rank: Rank | undefined,
    reason: number,
    bound: number,
    value: number,
    end: number,
  ): boolean {
    this.log?.add(bytes, this.valueStart, end, { family, rank, reason, bound });
    return this.page.put(family, rank, reason, bound, value) || this.tooMany(family) >= 0;
  }

  /** The labels, if the series has any; the position after them. */
  private readLabels(bytes: Uint8Array, start: number, family: Family): number {
    const { labels } = this;
    labels.clear();
    this.httpRequests.clear();
    if (bytes[start] !== OPEN_BRACE) return start;
    const end = this.blockOf(family).read(bytes, start + 1);
    if (end < 0) return this.bad(family, 'its labels are malformed');
    const longest = labels.longest();
    if (longest <= LONGEST_LABEL_VALUE) return end;
    return this.bad(family, `a label has ${longest} bytes, more than ${LONGEST_LABEL_VALUE}`);
  }

  private blockOf({ kind }: Family): LabelReader | CacheConfigReader | HttpRequestsReader {
    if (kind === 'cacheConfig') return this.page.cacheConfig;
    return kind === 'http' ? this.httpRequests : this.labels;
  }

  /** The value, into `number`; what follows it on the line may be a time stamp or an exemplar, and is passed over. */
  private readValue(bytes: Uint8Array, start: number, family: Family): number {
    const { number } = this;
    this.valueStart = skipBlanks(bytes, start);
    number.read(bytes, this.valueStart);
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
