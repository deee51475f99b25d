import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { firstSaid, lastSaid, watch } from '../../../test/builders/acute.ts';
import type { EngineSample } from '../../engine/sample.ts';
import { scanPage } from '../../engine/scan.ts';

const PAGES = join(import.meta.dirname, '../../../test/fixtures/engine-pages');

function sampleOf(name: string): EngineSample {
  const result = scanPage(readFileSync(join(PAGES, name)));
  if (!result.ok) throw new Error(result.message);
  return result.sample;
}

test('the pages of a real engine whose core was stopped under load tell that it is wedged', () => {
  const hang = ['hang/stopped_0.prom', 'hang/stopped_5.prom', 'hang/stopped_9.prom'].map(sampleOf);
  const life = (second: number): EngineSample | string => hang[Math.min(2, second / 5)] ?? 'no page';
  const seen = watch({ life, seconds: 200 });
  expect(firstSaid(seen)).toEqual({ 'Suspected Wedged': 30, 'Proved Wedged': 150 });
  expect(lastSaid(seen)[0]?.message).toContain(
    'with 7 running, 5 waiting for capacity, KV cache 88.9 % in use',
  );
});

test('those of a real engine under load, with preemptions and a full cache, tell of nothing', () => {
  const series = Array.from({ length: 90 }, (_, i) => sampleOf(`series/${String(i).padStart(3, '0')}.prom`));
  const life = (second: number): EngineSample | string => series[second / 5] ?? 'no page';
  expect(firstSaid(watch({ life, seconds: 445 }))).toEqual({});
});
