import { buildSample } from './build-sample.ts';
import { NEWLINE, OPEN_BRACE, SPACE, TAB, nextLine, skipBlanks } from './bytes.ts';
import { familyOf } from './families.ts';
import { describeForeignPage, printable, wholeLines } from './page-shape.ts';
import type { PageError, PageErrorReason, PageResult } from './sample.ts';
import { SeriesReader, type Fault } from './series-reader.ts';

/** Real pages take 50–70 KB, two data-parallel ranks included. */
export const DEFAULT_MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Every wanted name begins with `vllm:`, `process_`, `python_` or `http_`. */
const LOWER_H = 104;
const LOWER_P = 112;
const LOWER_V = 118;

/** Scanning never yields, so one reader, whose memory is used again for each page, serves every caller. */
const reader = new SeriesReader();

/**
 * Reads a metrics page in the text exposition format (Prometheus 0.0.4 and 1.0.0, OpenMetrics 1.0) into an
 * `EngineSample`, in one pass over its bytes. Only the families that the sample needs are looked at; a malformed
 * line among those refuses the page, a malformed line elsewhere does no harm.
 *
 * Any bytes give a sample or an error; the work is linear in their number and the memory is bounded.
 */
export function scanPage(page: Uint8Array, maxBytes = DEFAULT_MAX_PAGE_BYTES): PageResult {
  if (page.length > maxBytes) {
    return failure('TooLarge', `The page has ${page.length} bytes; at most ${maxBytes} are read.`);
  }
  // Node's Buffer is a class of its own with slower searches; a plain view keeps every access below of one kind.
  const bytes = new Uint8Array(page.buffer, page.byteOffset, page.length);
  const end = wholeLines(bytes);
  reader.clear();
  const bad = scanLines(bytes, end);
  if (bad !== undefined) return bad;
  const { ranks, cacheConfig, markers } = reader.page;
  if (ranks.length === 0 && cacheConfig.config === undefined && markers.size === 0)
    return describeForeignPage(bytes);
  if (end < bytes.length) {
    const rest = printable(bytes, end, bytes.length);
    return failure('Truncated', `The page ends in the middle of a line: "${rest}".`);
  }
  return { ok: true, sample: buildSample(reader.page, bytes) };
}

function scanLines(bytes: Uint8Array, end: number): PageError | undefined {
  let at = 0;
  while (at < end) {
    const next = scanLine(bytes, at);
    if (next < 0) break;
    at = next;
  }
  return reader.fault === undefined ? undefined : describeFault(bytes, at, reader.fault);
}

/** The position of the next line, or -1 with a fault in the reader. */
function scanLine(bytes: Uint8Array, lineStart: number): number {
  let at = lineStart;
  if (bytes[at] === SPACE || bytes[at] === TAB) at = skipBlanks(bytes, at);
  const first = bytes[at];
  if (first !== LOWER_V && first !== LOWER_P && first !== LOWER_H) return nextLine(bytes, at);
  if (first === LOWER_V && reader.continuesRun(bytes, at)) return reader.readBucketOfRun(bytes);
  let nameEnd = at + 1;
  for (let byte = bytes[nameEnd]; byte !== OPEN_BRACE && byte !== SPACE; byte = bytes[nameEnd]) {
    if (byte === NEWLINE || byte === TAB) break;
    nameEnd++;
  }
  const family = familyOf(bytes, at, nameEnd);
  return family === undefined ? nextLine(bytes, nameEnd) : reader.read(bytes, at, nameEnd, family);
}

function failure(reason: PageErrorReason, message: string): PageError {
  return { ok: false, reason, message };
}

function describeFault(bytes: Uint8Array, start: number, { reason, family, problem }: Fault): PageError {
  let line = 1;
  for (let i = 0; i < start; i++) if (bytes[i] === NEWLINE) line++;
  const content = printable(bytes, start, nextLine(bytes, start) - 1);
  return failure(
    reason,
    `Line ${line} of the page (${family.name}) cannot be read: ${problem}: "${content}".`,
  );
}
