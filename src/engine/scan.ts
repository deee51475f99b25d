import { PageState } from './accumulate.ts';
import { buildSample } from './build-sample.ts';
import {
  CARRIAGE_RETURN,
  HASH,
  NEWLINE,
  NumberReader,
  OPEN_BRACE,
  SPACE,
  TAB,
  nextLine,
  skipBlanks,
} from './bytes.ts';
import { readCacheConfig } from './cache-config.ts';
import { familyOf, type Family } from './families.ts';
import { LabelReader, LONGEST_LABEL_VALUE } from './labels.ts';
import { describeForeignPage, printable, wholeLines } from './page-shape.ts';
import type { PageError, PageErrorReason, PageResult } from './sample.ts';

/** Real pages take 50–70 KB, two data-parallel ranks included. */
export const DEFAULT_MAX_PAGE_BYTES = 4 * 1024 * 1024;

const LOWER_H = 104;
const LOWER_P = 112;
const LOWER_V = 118;
const MINUS = 45;
const PLUS = 43;

/** What is reused from page to page. Scanning never yields, so one of each serves every caller. */
const page = new PageState();
const labels = new LabelReader();
const number = new NumberReader();

/**
 * Reads a metrics page in the text exposition format (Prometheus 0.0.4 and 1.0.0, OpenMetrics 1.0) into an
 * `EngineSample`, in one pass over its bytes. Only the families that the sample needs are looked at; a malformed
 * line among those refuses the page, a malformed line elsewhere does no harm.
 *
 * Any bytes give a sample or an error; the work is linear in their number and the memory is bounded.
 */
export function scanPage(bytes: Uint8Array, maxBytes = DEFAULT_MAX_PAGE_BYTES): PageResult {
  if (bytes.length > maxBytes) {
    return failure('TooLarge', `The page has ${bytes.length} bytes; at most ${maxBytes} are read.`);
  }
  const end = wholeLines(bytes);
  page.clear();
  const bad = scanLines(bytes, end);
  if (bad !== undefined) return bad;
  if (page.ranks.length === 0 && page.cacheConfig === undefined && !isServer())
    return describeForeignPage(bytes);
  if (end < bytes.length) {
    const rest = printable(bytes, end, bytes.length);
    return failure('Truncated', `The page ends in the middle of a line: "${rest}".`);
  }
  return { ok: true, sample: buildSample(page, bytes) };
}

function isServer(): boolean {
  return page.markers.size > 0;
}

function scanLines(bytes: Uint8Array, end: number): PageError | undefined {
  let at = 0;
  while (at < end) {
    let first = bytes[at];
    if (first === SPACE || first === TAB) {
      at = skipBlanks(bytes, at);
      first = bytes[at];
    }
    if (first !== LOWER_V && first !== LOWER_P && first !== LOWER_H) {
      at = nextLine(bytes, at);
      continue;
    }
    let nameEnd = at + 1;
    for (let byte = bytes[nameEnd]; byte !== OPEN_BRACE && byte !== SPACE; byte = bytes[nameEnd]) {
      if (byte === NEWLINE || byte === TAB) break;
      nameEnd++;
    }
    const family = familyOf(bytes, at, nameEnd);
    if (family === undefined) {
      at = nextLine(bytes, nameEnd);
      continue;
    }
    const after = scanSeries(bytes, nameEnd, family);
    if (typeof after === 'string') return badLine(bytes, at, family, after);
    if (after < 0) return tooMany(family);
    at = after;
  }
  return undefined;
}

/** One line of a wanted family from after its name: the next line's position, -1 over a limit, or what is wrong. */
function scanSeries(bytes: Uint8Array, nameEnd: number, family: Family): number | string {
  let at = skipBlanks(bytes, nameEnd);
  const labelsStart = at + 1;
  if (bytes[at] === OPEN_BRACE) {
    at = labels.read(bytes, labelsStart);
    if (at < 0) return 'its labels are malformed';
    if (labels.longest() > LONGEST_LABEL_VALUE) {
      return `a label has ${labels.longest()} bytes, more than ${LONGEST_LABEL_VALUE}`;
    }
  } else {
    labels.clear();
  }
  number.read(bytes, skipBlanks(bytes, at));
  if (number.end < 0) return 'it has no number';
  const value = number.value;
  const after = endOfSeries(bytes, number.end);
  if (after < 0) return 'something other than a time stamp follows its number';
  return store(bytes, labelsStart, family, value) ?? after;
}

/** The next line's position; -1 if what follows the value is neither a time stamp nor an exemplar. */
function endOfSeries(bytes: Uint8Array, valueEnd: number): number {
  if (bytes[valueEnd] === NEWLINE) return valueEnd + 1;
  const at = skipBlanks(bytes, valueEnd);
  const byte = bytes[at] ?? 0;
  if (byte === NEWLINE) return at + 1;
  if (byte === CARRIAGE_RETURN && bytes[at + 1] === NEWLINE) return at + 2;
  const stamp = (byte >= 48 && byte <= 57) || byte === MINUS || byte === PLUS || byte === HASH;
  return at > valueEnd && stamp ? nextLine(bytes, at) : -1;
}

/** Puts a value where it belongs; -1 if a limit is passed, text if a label is wrong. */
function store(
  bytes: Uint8Array,
  labelsStart: number,
  family: Family,
  value: number,
): number | string | undefined {
  const { kind, slot } = family;
  if (kind === 'marker') {
    page.markers.add(slot);
    return undefined;
  }
  if (kind === 'cacheConfig') {
    const config = readCacheConfig(bytes, labelsStart, page.cacheConfig);
    if (config === undefined) return 'its labels are malformed';
    page.cacheConfig = config;
    return undefined;
  }
  // Counts, fractions, bytes and seconds: none of them is negative or without end.
  if (!(value >= 0 && value < Infinity))
    page.problems.set(family.base, `${family.name} has the value ${value}`);
  if (kind === 'process') {
    page.process[slot] = value;
    return undefined;
  }
  const rank = page.rank(bytes, labels);
  if (rank === undefined) return -1;
  switch (kind) {
    case 'scalar':
      rank.addScalar(slot, value);
      return undefined;
    case 'breakdown': {
      const reason = page.reason(bytes, labels);
      if (reason < 0) return -1;
      rank.addBreakdown(slot, reason, value);
      return undefined;
    }
    case 'bucket': {
      number.read(bytes, labels.le.start);
      if (number.end !== labels.le.end || Number.isNaN(number.value)) return 'its le label is no number';
      return rank.histograms[slot]?.addBucket(number.value, value) === false ? -1 : undefined;
    }
    case 'count':
    case 'sum': {
      const histogram = rank.histograms[slot];
      if (histogram !== undefined) histogram[kind] = value;
      return undefined;
    }
  }
}

function failure(reason: PageErrorReason, message: string): PageError {
  return { ok: false, reason, message };
}

function badLine(bytes: Uint8Array, start: number, family: Family, problem: string): PageError {
  let line = 1;
  for (let i = 0; i < start; i++) if (bytes[i] === NEWLINE) line++;
  const content = printable(bytes, start, nextLine(bytes, start) - 1);
  return failure(
    'BadLine',
    `Line ${line} of the page (${family.name}) cannot be read: ${problem}: "${content}".`,
  );
}

function tooMany(family: Family): PageError {
  return failure(
    'TooManySeries',
    `The page has more series of ${family.name} than any vLLM engine: at most 256 ranks, 64 reasons and 128 ` +
      'buckets are read.',
  );
}
