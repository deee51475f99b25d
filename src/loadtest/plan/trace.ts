import type { Schedule, ScheduledRequest } from './schedule.ts';

export type TraceResult =
  | { readonly ok: true; readonly schedule: Schedule }
  | {
      readonly ok: false;
      readonly reason: 'BadHeader' | 'BadRow' | 'NotSorted' | 'Empty';
      readonly message: string;
    };

const COLUMNS = ['arrival_ms', 'input_tokens', 'output_tokens'] as const;

/**
 * Reads a request trace: CSV with the columns `arrival_ms` (since the start of the trace, sorted), `input_tokens`
 * and `output_tokens`; further columns are ignored. The schedule lasts as long as the trace: to the last arrival.
 *
 * @param csv the whole text
 */
export function parseTrace(csv: string): TraceResult {
  const [header = '', ...lines] = csv.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = header.split(',').map((name) => name.trim());
  const positions = COLUMNS.map((column) => names.indexOf(column));
  const missing = COLUMNS.find((_column, index) => positions[index] === -1);
  if (missing !== undefined) {
    const message = `line 1 has no column ${missing}; the header must name ${COLUMNS.join(', ')}`;
    return { ok: false, reason: 'BadHeader', message };
  }
  const requests: ScheduledRequest[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const row = readRow(line, positions, index + 2);
    if (typeof row === 'string') return { ok: false, reason: 'BadRow', message: row };
    const previousMs = requests.at(-1)?.atMs ?? 0;
    if (row.atMs < previousMs) {
      const message = `line ${index + 2}: arrival_ms ${row.atMs} is before ${previousMs}; sort the trace by arrival_ms`;
      return { ok: false, reason: 'NotSorted', message };
    }
    requests.push({ id: requests.length, ...row });
  }
  const last = requests.at(-1);
  if (last === undefined)
    return { ok: false, reason: 'Empty', message: 'the trace has a header but no requests' };
  return { ok: true, schedule: { requests, durationMs: last.atMs } };
}

/** The row, or a sentence on what is wrong with it. */
function readRow(
  line: string,
  positions: readonly number[],
  lineNumber: number,
): Omit<ScheduledRequest, 'id'> | string {
  const cells = line.split(',');
  const [atMs = NaN, promptTokens = NaN, outputTokens = NaN] = positions.map((position) => {
    const cell = cells[position]?.trim() ?? '';
    return /^\d+(\.\d+)?$/.test(cell) ? Number(cell) : NaN;
  });
  const smallest = [0, 1, 1];
  const bad = [atMs, promptTokens, outputTokens].findIndex(
    (value, index) => !(value >= (smallest[index] ?? 0)) || (index > 0 && !Number.isInteger(value)),
  );
  if (bad === -1) return { atMs, promptTokens, outputTokens };
  const found = JSON.stringify(cells[positions[bad] ?? 0] ?? '');
  const wanted = bad === 0 ? 'milliseconds, 0 or more' : 'a whole number of tokens, 1 or more';
  return `line ${lineNumber}: ${COLUMNS[bad]} is ${found}; it must be ${wanted}`;
}
