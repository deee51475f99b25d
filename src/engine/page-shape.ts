import { NEWLINE, text } from './bytes.ts';
import type { PageError, PageErrorReason } from './sample.ts';

/** Bytes of foreign text that an error message quotes at most. */
const QUOTED_BYTES = 80;
const SERIES_LINE = /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^\n]*\})?[ \t]+[+-]?(\d|nan|inf)/i;

/** Where the last whole line ends. OpenMetrics may leave out the line feed after its `# EOF`. */
export function wholeLines(bytes: Uint8Array): number {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const rest = text(bytes, end, Math.min(bytes.length, end + QUOTED_BYTES)).trim();
  return rest === '' || rest === '# EOF' ? bytes.length : end;
}

/** A slice for an error message: short, and free of anything that a terminal would obey. */
export function printable(bytes: Uint8Array, start: number, end: number): string {
  const quoted = text(bytes, start, Math.min(end, start + QUOTED_BYTES));
  const clean = quoted.replace(/[^\u0020-\u007e\u00a0-\uffff]/g, '?').trimEnd();
  return end - start > QUOTED_BYTES ? `${clean}…` : clean;
}

export function failure(reason: PageErrorReason, message: string): PageError {
  return { ok: false, reason, message };
}

/** Why a page without a single family of vLLM's is no engine's page. */
export function describeForeignPage(bytes: Uint8Array): PageError {
  if (text(bytes, 0, Math.min(bytes.length, 4096)).trim() === '') {
    return failure('Empty', `The page is empty (${bytes.length} bytes).`);
  }
  const kind = foreignKind(bytes);
  if (kind !== undefined) {
    const message = `The page is ${kind}, not metrics: does the address lead to an engine's /metrics?`;
    return failure('NotAMetricsPage', message);
  }
  const message =
    'The page holds metrics, but none of a vLLM server: does the port belong to another container?';
  return failure('NoEngineFamilies', message);
}

function foreignKind(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'compressed (gzip)';
  const line = firstLine(bytes);
  if (line.startsWith('<')) return 'HTML or XML';
  if (/^[{[]/.test(line)) return 'JSON';
  if (line.startsWith('# ') || SERIES_LINE.test(line)) return undefined;
  return `text or binary data that starts with "${printable(bytes, 0, bytes.length)}"`;
}

/** The first line that is not blank, within the first 4 KiB. */
function firstLine(bytes: Uint8Array): string {
  const head = text(bytes, 0, Math.min(bytes.length, 4096)).trimStart();
  const newline = head.indexOf('\n');
  return newline < 0 ? head : head.slice(0, newline);
}
