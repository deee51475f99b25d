import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FleetArrival } from '../../../src/simulator/fleet/types.ts';
import { createRandom } from '../../../src/simulator/model/random.ts';

const FOLDER = join(import.meta.dirname, '..', 'traces');
const TOKENS_PER_HASH_ID = 512;

const known = new Map<string, readonly FleetArrival[]>();

/** The requests of a file in `traces/`, read once. @throws Error naming the file and the row that is not a request */
export function readTrace(name: string): readonly FleetArrival[] {
  const arrivals = known.get(name) ?? parse(name);
  known.set(name, arrivals);
  return arrivals;
}

function parse(name: string): readonly FleetArrival[] {
  const text = gunzipSync(readFileSync(join(FOLDER, `${name}.csv.gz`))).toString();
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line, index) => {
      const [atMs = NaN, promptTokens = NaN, outputTokens = NaN] = line.split(',', 3).map(Number);
      if (!(atMs >= 0 && promptTokens >= 1 && outputTokens >= 1))
        throw new Error(
          `${name}.csv.gz, row ${index + 2}: expected arrival_ms,input_tokens,output_tokens, got ${line}`,
        );
      const ids = line.split(',')[3]?.split(' ').map(Number);
      const prefix = ids === undefined ? undefined : { tokensPerId: TOKENS_PER_HASH_ID, ids };
      return { atMs, promptTokens, outputTokens, ...(prefix !== undefined && { prefix }) };
    });
}

/** The requests that arrive in [fromMs, toMs), with times from the start of that window. */
export function cut(
  arrivals: readonly FleetArrival[],
  fromMs: number,
  toMs: number,
): readonly FleetArrival[] {
  return arrivals
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .map((arrival) => ({ ...arrival, atMs: arrival.atMs - fromMs }));
}

/** Each request later by a random time below `belowMs`: for traces whose times stand on a coarse grid. */
export function jitter(
  arrivals: readonly FleetArrival[],
  belowMs: number,
  seed: number,
): readonly FleetArrival[] {
  const random = createRandom(seed);
  return sorted(arrivals.map((arrival) => ({ ...arrival, atMs: arrival.atMs + random() * belowMs })));
}

/** Each request `times` times, the copies up to `spreadMs` later: a larger fleet's load of the same shape. */
export function multiply(
  arrivals: readonly FleetArrival[],
  times: number,
  spreadMs: number,
  seed: number,
): readonly FleetArrival[] {
  const random = createRandom(seed);
  const copies = arrivals.flatMap((arrival) =>
    Array.from({ length: times }, (_, copy) =>
      copy === 0 ? arrival : { ...arrival, atMs: arrival.atMs + random() * spreadMs },
    ),
  );
  return sorted(copies);
}

function sorted(arrivals: readonly FleetArrival[]): readonly FleetArrival[] {
  return arrivals.toSorted((a, b) => a.atMs - b.atMs);
}
