import { expect, test } from 'vitest';
import { stopped, watch, worked, type Sighting, type Trial } from '../builders/acute.ts';
import { NOW } from '../builders/engines.ts';

/** A line for each second at which something else is said than before, or a token is asked for. */
function storyOf(title: string, trial: Trial): string {
  const lines = [title];
  let before = '';
  for (const { second, verdicts, probes } of watch(trial)) {
    for (const { why } of probes) lines.push(`${clock(second)}  asks for a token: ${why}`);
    const now = said({ second, verdicts, probes });
    if (now !== before) lines.push(`${clock(second)}  ${now}`);
    before = now;
  }
  return `${lines.join('\n')}\n`;
}

function said({ verdicts }: Sighting): string {
  if (verdicts.length === 0) return 'nothing';
  return verdicts
    .map(
      ({ state, signature, confidence, reason, message }) =>
        `${state} ${signature} (${confidence}, ${reason})\n       ${message}`,
    )
    .join('\n       ');
}

function clock(second: number): string {
  return `${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}`;
}

const DIES_AT = 60;

test('what is said of an engine that hangs, of one whose gauges are stale, and of one that dies', async () => {
  const hangs = storyOf('An engine hangs at 01:00', { life: stopped(60), seconds: 240 });
  const stale = storyOf('Requests are all aborted at 01:00, and a version before 0.13 does not say so', {
    life: (second) =>
      second < 185
        ? stopped(60, { dialect: 'v1-0.10', waitingByReason: undefined })(second)
        : worked(61, {
            dialect: 'v1-0.10',
            running: 0,
            waiting: 0,
            waitingByReason: undefined,
            kvCacheUsage: 0,
          }),
    answer: () => 'Answered',
    seconds: 600,
  });
  const dies = storyOf('An engine dies at 01:00 and leaves its server running', {
    life: (second) => (second < DIES_AT ? worked(second) : '10.0.0.7:8000: connection refused'),
    answer: () => 'Refused',
    told: (second) =>
      second < DIES_AT + 30
        ? {}
        : { lifecycle: 'Unready', unreadySinceMs: NOW + (DIES_AT + 30) * 1000 },
    seconds: 300,
  });
  await expect([hangs, stale, dies].join('\n')).toMatchFileSnapshot('acute.txt');
});
