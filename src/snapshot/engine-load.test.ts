import { expect, test } from 'vitest';
import { loadOf } from './engine-load.ts';

const QUIET = { histograms: {}, ranks: [], dialect: 'v1-0.32', models: [], notObservable: {} } as const;

test('requests that wait for an adapter or a grammar do not wait for capacity', () => {
  const sample = { ...QUIET, running: 3, waiting: 14, waitingByReason: { capacity: 2, deferred: 12 } };
  expect(loadOf({ atMs: 5, sample })).toEqual({ atMs: 5, sample, running: 3, waiting: 2, deferred: 12 });
});

test('all that wait count where an engine does not say why, and what a page does not tell is absent', () => {
  const sample = { ...QUIET, waiting: 14 };
  expect(loadOf({ atMs: 5, sample })).toEqual({ atMs: 5, sample, waiting: 14 });
});
