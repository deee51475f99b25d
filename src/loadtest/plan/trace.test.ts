import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { summarizeSchedule } from './schedule.ts';
import { parseTrace } from './trace.ts';

const HEADER = 'arrival_ms,input_tokens,output_tokens';

test('a trace becomes a schedule that lasts to its last arrival', () => {
  expect(parseTrace(`${HEADER}\n0,374,44\n4315,396,109\n`)).toEqual({
    ok: true,
    schedule: {
      requests: [
        { id: 0, atMs: 0, promptTokens: 374, outputTokens: 44 },
        { id: 1, atMs: 4315, promptTokens: 396, outputTokens: 109 },
      ],
      durationMs: 4315,
    },
  });
});

test('columns are found by name, so order, further columns, CRLF and a byte order mark do no harm', () => {
  const result = parseTrace('\uFEFFuser,output_tokens,arrival_ms,input_tokens\r\n7,44,12.5,374\r\n\r\n');
  expect(result).toMatchObject({
    schedule: { requests: [{ id: 0, atMs: 12.5, promptTokens: 374, outputTokens: 44 }] },
  });
});

test('the shipped trace reads and is what its README says', () => {
  const path = join(import.meta.dirname, '../../../examples/traces/azure-conv-2023-busiest-90s.csv');
  const result = parseTrace(readFileSync(path, 'utf8'));
  if (!result.ok) throw new Error(result.message);
  const { requests, meanPromptTokens, meanOutputTokens } = summarizeSchedule(result.schedule);
  expect(requests).toBe(750);
  expect(meanPromptTokens).toBeCloseTo(1387.76, 2);
  expect(meanOutputTokens).toBeCloseTo(129.32, 2);
});

describe('a bad trace is refused with the line, the value and the remedy', () => {
  test.each([
    [
      '',
      'BadHeader',
      'line 1 has no column arrival_ms; the header must name arrival_ms, input_tokens, output_tokens',
    ],
    [
      'arrival_ms,input_tokens\n1,2',
      'BadHeader',
      'line 1 has no column output_tokens; the header must name arrival_ms, input_tokens, output_tokens',
    ],
    [`${HEADER}\n`, 'Empty', 'the trace has a header but no requests'],
    [
      `${HEADER}\n0,1,1\nsoon,1,1`,
      'BadRow',
      'line 3: arrival_ms is "soon"; it must be milliseconds, 0 or more',
    ],
    [`${HEADER}\n-5,1,1`, 'BadRow', 'line 2: arrival_ms is "-5"; it must be milliseconds, 0 or more'],
    [
      `${HEADER}\n0,1.5,1`,
      'BadRow',
      'line 2: input_tokens is "1.5"; it must be a whole number of tokens, 1 or more',
    ],
    [
      `${HEADER}\n0,0,1`,
      'BadRow',
      'line 2: input_tokens is "0"; it must be a whole number of tokens, 1 or more',
    ],
    [
      `${HEADER}\n0,1`,
      'BadRow',
      'line 2: output_tokens is ""; it must be a whole number of tokens, 1 or more',
    ],
    [
      `${HEADER}\n9,1,1\n4,1,1`,
      'NotSorted',
      'line 3: arrival_ms 4 is before 9; sort the trace by arrival_ms',
    ],
  ])('%j', (csv, reason, message) => {
    expect(parseTrace(csv)).toEqual({ ok: false, reason, message });
  });
});
