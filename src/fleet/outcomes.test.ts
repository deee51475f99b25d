import { describe, expect, test } from 'vitest';
import { inSeconds, NOW, secondsAgo } from '../../test/builders/engines.ts';
import { outcomeLine, readOutcomes, withOutcomes, type Outcome } from './outcomes.ts';

const outcome = (engine: string, overrides: Partial<Outcome> = {}): Outcome => ({
  atMs: NOW,
  engine,
  command: 'Shrink',
  cause: 'ScaleDown',
  outcome: 'Drained',
  message: 'left after 12 s, no request was cut',
  ...overrides,
});

test('a line tells what became of which engine, and why it was to leave', () => {
  expect(outcomeLine(outcome('a', { command: 'Replace', cause: 'Requested' }))).toBe(
    '2026-03-02T10:00:00.000Z Drained: Replace of a (Requested): left after 12 s, no request was cut',
  );
});

test('what was written is read back, whatever stands in the message', () => {
  const told = outcome('a', { outcome: 'NoRoom', message: 'no node (gpu: 0): raise (x): y\nz' });
  expect(readOutcomes([outcomeLine(told)])).toEqual([told]);
});

test.each([
  ['another form', 'gone'],
  ['an unknown outcome', outcomeLine(outcome('a')).replace('Drained', 'Eaten')],
  ['an unknown cause', outcomeLine(outcome('a')).replace('ScaleDown', 'Whim')],
  ['no time', outcomeLine(outcome('a')).replace(/^\S+/, 'yesterday')],
])('a line with %s says nothing', (_what, line) => {
  expect(readOutcomes([line])).toEqual([]);
});

describe('of more than ten', () => {
  const engines = Array.from({ length: 10 }, (_, index) => `engine-${index}`);

  test('the oldest goes', () => {
    const lines = withOutcomes(
      engines.map((name) => outcomeLine(outcome(name))),
      [outcome('new')],
      NOW,
    );
    expect(readOutcomes(lines).map(({ engine }) => engine)).toEqual([...engines.slice(1), 'new']);
  });

  test('a replace that counts for this hour stays, and goes with its hour', () => {
    const asked = outcome('asked', { cause: 'Requested', atMs: secondsAgo(1800) });
    const lines = [asked, ...engines.slice(1).map((name) => outcome(name))].map(outcomeLine);
    const kept = (nowMs: number): readonly string[] =>
      readOutcomes(withOutcomes(lines, [outcome('new')], nowMs)).map(({ engine }) => engine);
    expect(kept(NOW)).toEqual(['asked', ...engines.slice(2), 'new']);
    expect(kept(inSeconds(1801))).toEqual([...engines.slice(1), 'new']);
  });

  test('the oldest goes where all count', () => {
    const asked = engines.map((name) => outcomeLine(outcome(name, { cause: 'Requested' })));
    const lines = withOutcomes(asked, [outcome('new')], NOW);
    expect(readOutcomes(lines).map(({ engine }) => engine)).toEqual([...engines.slice(1), 'new']);
  });
});
