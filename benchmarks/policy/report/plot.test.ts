import { expect, test } from 'vitest';
import { scenarioOf } from '../scenarios/catalogue.ts';
import { plot } from './plot.ts';

const SCORE = {
  requests: 1,
  attainable: 1,
  good: 1,
  abandoned: 0,
  ttft: { p50: 0, p95: 0, p99: 0 },
  tpot: { p50: 0, p95: 0, p99: 0 },
  replicaHours: 1,
  peakReplicas: 1,
  sizeChangesPerHour: 0,
};
const BLAME = { tooFew: 0, starting: 0, enough: 0 };

test('a minute without requests breaks the line, and values beyond the scale stay inside', () => {
  const series = { sizes: [1, 1000], ttftP95: [300, undefined, 300, 300] };
  const runs = [{ policy: 'a <b>', score: SCORE, blame: BLAME, series }];
  const svg = plot(scenarioOf('steady'), { runs, loadPerMinute: [1, 2] });
  const paths = [...svg.matchAll(/ d="([^"]*)"/g)].map(([, path = '']) => path);
  expect(paths).toHaveLength(3);
  expect(paths[1]).toMatch(/^M\S+ 430L\S+ 260$/);
  expect(paths[2]).toMatch(/^M[^ML]+M[^ML]+L[^ML]+$/);
  expect(svg).toContain('a &lt;b>');
});
