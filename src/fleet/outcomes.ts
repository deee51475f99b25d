import { z } from 'zod';
import {
  DISRUPTION_CAUSES,
  DISRUPTION_COMMANDS,
  DISRUPTION_OUTCOMES,
  type Disruption,
} from '../api/v1alpha1/status.ts';

const KEPT = 10;
/** The period of `remediation.maxPerHour`. */
const COUNTED_MS = 3_600_000;
const LINE_LENGTH = 1024;

/** How the removal of an engine ended. */
export interface Outcome {
  readonly atMs: number;
  readonly engine: string;
  readonly command: Disruption['command'];
  readonly cause: Disruption['cause'];
  readonly outcome: (typeof DISRUPTION_OUTCOMES)[number];
  readonly message: string;
}

const LINE = /^(\S+) (\w+): (\w+) of (\S+) \((\w+)\): (.*)$/s;

const Parts = z.tuple([
  z.iso.datetime({ offset: true }),
  z.enum(DISRUPTION_OUTCOMES),
  z.enum(DISRUPTION_COMMANDS),
  z.string(),
  z.enum(DISRUPTION_CAUSES),
  z.string(),
]);

/** One line for people, such as `2026-11-22T17:52:17.477Z Drained: Replace of chat-a-x (Requested): left after 10 s`. */
export function outcomeLine({ atMs, outcome, command, engine, cause, message }: Outcome): string {
  const at = new Date(atMs).toISOString();
  return `${at} ${outcome}: ${command} of ${engine} (${cause}): ${message}`.slice(0, LINE_LENGTH);
}

/**
 * The lines with those of these outcomes behind them. Beyond ten the oldest is dropped, but replaces that were asked for
 * within the hour before `nowMs` stay as long as others can go: `remediation.maxPerHour` is counted from them.
 */
export function withOutcomes(
  lines: readonly string[],
  outcomes: readonly Outcome[],
  nowMs: number,
): readonly string[] {
  const all = [...lines, ...outcomes.map(outcomeLine)];
  while (all.length > KEPT) {
    const dispensable = all.slice(0, -1).findIndex((line) => !isCounted(line, nowMs));
    all.splice(Math.max(0, dispensable), 1);
  }
  return all;
}

function isCounted(line: string, nowMs: number): boolean {
  return readOutcomes([line]).some((outcome) => countsForTheHour(outcome, nowMs));
}

const COUNTED: ReadonlySet<Disruption['cause']> = new Set(['Requested', 'Dead', 'Sick', 'Leak']);
const REPLACED: ReadonlySet<Outcome['outcome']> = new Set(['Drained', 'Cut', 'Gone']);

/** Whether it is one of the replaces that `remediation.maxPerHour` bounds. */
export function countsForTheHour({ cause, outcome, atMs }: Outcome, nowMs: number): boolean {
  return COUNTED.has(cause) && REPLACED.has(outcome) && nowMs - atMs < COUNTED_MS;
}

/** What the lines of a status say; one that nobody of ours wrote says nothing. */
export function readOutcomes(lines: readonly string[] = []): readonly Outcome[] {
  return lines.flatMap((line) => {
    const parsed = Parts.safeParse(LINE.exec(line)?.slice(1));
    if (!parsed.success) return [];
    const [at, outcome, command, engine, cause, message] = parsed.data;
    return [{ atMs: Date.parse(at), outcome, command, engine, cause, message }];
  });
}
