import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judge, rootMeanSquare } from '../benchmarks/simulator/agreement.ts';
import { measuredPoints } from '../benchmarks/simulator/measured-points.ts';
import { readRealSeries } from '../benchmarks/simulator/real-series.ts';
import { fitStepCost, modelSeries } from '../benchmarks/simulator/series-model.ts';
import { agreementRows, measuredRows } from '../benchmarks/simulator/validation-tables.ts';

const docs = readFileSync(new URL('../docs/simulator.md', import.meta.url), 'utf8');
const points = measuredPoints();

describe('the engine model beside pages of a real engine that it was not fitted on', () => {
  const real = readRealSeries();
  const model = modelSeries(real, fitStepCost(real));
  const agreement = judge(real, model);

  test.each(agreement)('$name is at most 10 % off', (figure) => {
    expect(Math.abs(figure.model / figure.real - 1)).toBeLessThan(0.1);
  });

  test('queue, batch and KV cache are rarely more than one sequence apart on any page', () => {
    expect(rootMeanSquare(real, model, 'waiting')).toBeLessThan(1.5);
    expect(rootMeanSquare(real, model, 'running')).toBeLessThan(1);
    // A sequence holds up to 7 of 15 blocks.
    expect(rootMeanSquare(real, model, 'kvCacheUsage')).toBeLessThan(2 / 15);
  });

  test('all requests end with all their tokens', () => {
    expect(model.at(-1)).toMatchObject({ finished: 77, generationTokens: 46_200, running: 0, waiting: 0 });
    expect(real.at(-1)).toMatchObject({ finished: 77, generationTokens: 46_200 });
  });

  test('the documentation says the same', () => {
    for (const row of agreementRows(agreement)) expect(docs).toContain(`| ${row.join(' | ')} |`);
  });
});

describe('the engine model beside what was measured on GPUs', () => {
  test.each(points)('$name, within its tolerance', ({ real, model, tolerance }) => {
    expect(Math.abs(model / real - 1)).toBeLessThan(tolerance);
  });

  test('the documentation says the same', () => {
    for (const row of measuredRows(points)) expect(docs).toContain(`| ${row.join(' | ')} |`);
  });
});
