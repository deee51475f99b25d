import type { EngineSample } from '../../engine/sample.ts';
import { waitsForCapacity, type RankReading } from './rank-reading.ts';

/** A time to the second, as status shows it: it stays the same from pass to pass, which a length of time would not. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** `1 request`, `2 requests`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** What an engine holds, or one rank of it: `7 running, 5 waiting for capacity, KV cache 88.9 % in use`. */
export function loadText(reading: RankReading): string {
  const { running, waitingForCapacity, kvCacheUsage } = reading;
  const waiting = waitsForCapacity(reading);
  const why = waitingForCapacity === undefined ? '' : ' for capacity';
  const kv = kvCacheUsage === undefined ? 'unknown' : `${Number((100 * kvCacheUsage).toFixed(1))} % in use`;
  return `${running ?? 'an unknown number'} running, ${waiting} waiting${why}, KV cache ${kv}`;
}

/** Which of several ranks; nothing for the only one. */
export function rankText({ ranks }: EngineSample, { engine }: RankReading): string {
  return ranks.length > 1 ? `rank ${engine} of ${ranks.length}: ` : '';
}
