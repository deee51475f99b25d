import { bytes, percent, span } from '../../rules/leaks/text.ts';
import { proofMs, type RestartRecord } from './restarts.ts';

const MOST_LINES = 10;

/** The last restarts as lines of the status, oldest first, each with what came of it. */
export function restartLines(restarts: readonly RestartRecord[]): readonly string[] {
  return restarts.slice(-MOST_LINES).map(line);
}

function line(restart: RestartRecord): string {
  const { atMs, engine, signature } = restart;
  const at = `${new Date(atMs).toISOString().slice(0, 16)}Z`;
  const rate = rateText(restart);
  return `${at} ${engine} was replaced for ${signature}${rate === undefined ? '' : ` (${rate})`}: ${outcomeText(restart)}`;
}

function outcomeText(restart: RestartRecord): string {
  const { outcome, successor, signature } = restart;
  const long = span(proofMs(restart));
  if (successor === undefined) return 'there is none in its place yet';
  switch (outcome) {
    case 'Helped':
      return `it helped, ${successor.engine} has served ${long} without the same`;
    case 'FoundAgain':
      return `${successor.engine} in its place shows ${signature} again`;
    case 'Pending':
      return `whether it helped shows once ${successor.engine} has served ${long}`;
  }
}

/** What a leak takes: by request where requests explain it, else by hour; undefined where it was not measured. */
export function rateText({ signature, perRequest, perHour }: RestartRecord): string | undefined {
  const amount = signature === 'KVBlockLeak' ? (share: number) => `${percent(share)} of the KV cache` : bytes;
  if (perRequest !== undefined && perRequest > 0 && signature === 'HostMemoryLeak')
    return `${amount(perRequest)} a request`;
  return perHour === undefined ? undefined : `${amount(perHour)} an hour`;
}
