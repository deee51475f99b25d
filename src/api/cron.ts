import { Cron } from 'croner';

/** Matches of a cron expression around an instant, in milliseconds since the epoch. */
export interface CronMatches {
  /** The last match at or before the instant. */
  readonly lastMs?: number;
  /** The first match after the instant. */
  readonly nextMs?: number;
}

/** What is wrong with a cron expression or its time zone, and what to write instead. */
export interface CronProblem {
  readonly field: 'cron' | 'timeZone';
  readonly message: string;
}

type Parsed = { readonly cron: Cron } | { readonly problem: CronProblem };

/** Matches that hold for every instant from `fromMs` up to the next match. */
interface Found {
  readonly matches: CronMatches;
  readonly fromMs: number;
}

interface Remembered {
  readonly parsed: Parsed;
  /** The answer to the last question. */
  found?: Found;
}

/**
 * A search costs a fifth of a millisecond, every pass asks for every fleet, and the answer changes a few times a day.
 * What is remembered follows from the arguments alone, so callers see a pure function.
 */
const remembered = new Map<string, Remembered>();
const MOST_REMEMBERED = 1024;

/**
 * When `cron` (minute, hour, day of month, month, day of week; a day matches when either of its two fields does, as in
 * Vixie cron) matches in `timeZone`, a name of the IANA database. A time of day that a change of the clock skips counts
 * at the end of the gap; one that comes twice counts the first time only, unless the hour is a wildcard. An expression
 * that cannot be parsed matches never; `cronProblem` tells why.
 */
export function cronMatches(cron: string, timeZone: string, atMs: number): CronMatches {
  const entry = recall(cron, timeZone);
  if ('problem' in entry.parsed) return {};
  if (entry.found === undefined || !holdsAt(entry.found, atMs)) {
    const matches = search(entry.parsed.cron, atMs);
    entry.found = { matches, fromMs: matches.lastMs ?? atMs };
  }
  return entry.found.matches;
}

/** Why the expression would never match, as a sentence with the value and a remedy; undefined if it can match. */
export function cronProblem(cron: string, timeZone: string): CronProblem | undefined {
  const { parsed } = recall(cron, timeZone);
  return 'problem' in parsed ? parsed.problem : undefined;
}

function recall(cron: string, timeZone: string): Remembered {
  const key = `${timeZone} ${cron}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const entry: Remembered = { parsed: parse(cron, timeZone) };
  remembered.set(key, entry);
  const [oldest] = remembered.keys();
  if (oldest !== undefined && remembered.size > MOST_REMEMBERED) remembered.delete(oldest);
  return entry;
}

function holdsAt({ matches, fromMs }: Found, atMs: number): boolean {
  return atMs >= fromMs && atMs < (matches.nextMs ?? Infinity);
}

function parse(cron: string, timeZone: string): Parsed {
  if (!isTimeZone(timeZone)) {
    const message = `"${timeZone}" is no time zone of the IANA database; write a name such as Europe/Berlin or Etc/UTC`;
    return { problem: { field: 'timeZone', message } };
  }
  try {
    const parsed = new Cron(cron, { timezone: timeZone, mode: '5-part' });
    if (parsed.nextRun(new Date(0)) !== null) return { cron: parsed };
    return notCron(cron, 'no date matches');
  } catch (error) {
    return notCron(
      cron,
      error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error),
    );
  }
}

function notCron(cron: string, why: string): Parsed {
  const remedy = 'write minute, hour, day of month, month and day of week, such as "0 8 * * 1-5"';
  return { problem: { field: 'cron', message: `"${cron}" is no cron schedule (${why}); ${remedy}` } };
}

function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** croner looks strictly before and after the instant that it is given, to the millisecond. */
function search(cron: Cron, atMs: number): CronMatches {
  const last = cron.previousRuns(1, new Date(atMs + 1)).at(0);
  const next = cron.nextRun(new Date(atMs));
  return {
    ...(last !== undefined && { lastMs: last.getTime() }),
    ...(next !== null && { nextMs: next.getTime() }),
  };
}
