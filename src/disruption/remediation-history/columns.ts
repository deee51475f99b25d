import { z } from 'zod';
import type { LeakPoint } from '../../rules/leaks/leak-history.ts';

/**
 * Points as columns of whole numbers, each but the first less the one before it: most are small, and text of them is
 * short. Null where a point lacks the figure; a column that all points lack is empty.
 */
const FIELDS = [
  { field: 'workingSetBytes', unit: 65_536 },
  { field: 'apiServerResidentBytes', unit: 65_536 },
  { field: 'requests', unit: 1 },
  { field: 'steps', unit: 1 },
  { field: 'inFlight', unit: 0.1 },
  { field: 'idleKvCacheUsage', unit: 0.0001 },
] as const satisfies readonly { readonly field: keyof LeakPoint; readonly unit: number }[];

/** Times are kept to the second. */
const TIME_UNIT_MS = 1000;
const MOST_POINTS = 96;

/** Bounded, so that sums stay exact. */
const Whole = z
  .int()
  .min(-(2 ** 44))
  .max(2 ** 44);
const Column = z.array(Whole.nullable()).max(MOST_POINTS);

/** Seconds since the track's start, then the fields. */
export const Columns = z.tuple([z.array(Whole.min(0)).max(MOST_POINTS), ...FIELDS.map(() => Column)]);
export type Columns = readonly (readonly (number | null)[])[];

export function toColumns(points: readonly LeakPoint[], originMs: number): Columns {
  const times = deltas(points.map(({ atMs }) => Math.round((atMs - originMs) / TIME_UNIT_MS)));
  const columns = FIELDS.map(({ field, unit }) => {
    const values = points.map((point) => point[field]);
    if (values.every((value) => value === undefined)) return [];
    return deltas(values.map((value) => (value === undefined ? null : Math.round(value / unit))));
  });
  return [times, ...columns];
}

export function fromColumns([times = [], ...columns]: Columns, originMs: number): readonly LeakPoint[] {
  const values = columns.map(sums);
  return sums(times).flatMap((time, i) => {
    if (time === null) return [];
    const point: Record<string, number> = {};
    for (const [f, { field, unit }] of FIELDS.entries()) {
      const value = values[f]?.[i];
      if (value !== undefined && value !== null) point[field] = value * unit;
    }
    return [{ ...point, atMs: originMs + time * TIME_UNIT_MS }];
  });
}

function deltas(values: readonly (number | null)[]): readonly (number | null)[] {
  let before = 0;
  return values.map((value) => {
    if (value === null) return null;
    const delta = value - before;
    before = value;
    return delta;
  });
}

function sums(values: readonly (number | null)[]): readonly (number | null)[] {
  let sum = 0;
  return values.map((delta) => (delta === null ? null : (sum += delta)));
}
