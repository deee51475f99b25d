import { NEWLINE, OPEN_BRACE, SPACE, TAB, nextLine, skipBlanks } from './bytes.ts';
import { familyOf } from './families.ts';
import { describeForeignPage, failure, printable, wholeLines } from './page-shape.ts';
import type { PageError } from './sample.ts';
import type { Fault, SeriesReader } from './series-reader.ts';

/** Every wanted name begins with `vllm`, `ray_vllm`, `process_`, `python_` or `http_`. */
const LOWER_H = 104;
const LOWER_P = 112;
const LOWER_R = 114;
const LOWER_V = 118;

/** Reads every line of a page into the reader's state, which was cleared before. */
export function scanLines(bytes: Uint8Array, reader: SeriesReader): PageError | undefined {
  const end = wholeLines(bytes);
  let at = 0;
  while (at < end) {
    const next = scanLine(bytes, at, reader);
    if (next < 0) break;
    at = next;
  }
  if (reader.fault !== undefined) return describeFault(bytes, at, reader.fault);
  const { ranks, cacheConfig, markers } = reader.page;
  if (ranks.length === 0 && cacheConfig.config === undefined && markers.size === 0)
    return describeForeignPage(bytes);
  if (end === bytes.length) return undefined;
  const rest = printable(bytes, end, bytes.length);
  return failure('Truncated', `The page ends in the middle of a line: "${rest}".`);
}

/** The position of the next line, or -1 with a fault in the reader. */
function scanLine(bytes: Uint8Array, lineStart: number, reader: SeriesReader): number {
  let at = lineStart;
  if (bytes[at] === SPACE || bytes[at] === TAB) at = skipBlanks(bytes, at);
  const first = bytes[at];
  const engine = first === LOWER_V || first === LOWER_R;
  if (!engine && first !== LOWER_P && first !== LOWER_H) return reader.skip(bytes, at, nextLine(bytes, at));
  if (engine && reader.continuesRun(bytes, at)) return reader.readBucketOfRun(bytes);
  let nameEnd = at + 1;
  for (let byte = bytes[nameEnd]; byte !== OPEN_BRACE && byte !== SPACE; byte = bytes[nameEnd]) {
    if (byte === NEWLINE || byte === TAB) break;
    nameEnd++;
  }
  const family = familyOf(bytes, at, nameEnd);
  if (family === undefined) return reader.skip(bytes, at, nextLine(bytes, nameEnd));
  return reader.read(bytes, at, nameEnd, family);
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
