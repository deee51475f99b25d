import { expect, test } from 'vitest';
import { ProbeTally, type ProbeVerdict } from './probe.ts';

test.each<{ name: string; thresholds: [number, number]; results: string; verdicts: string }>([
  // s = success, f = failure; H = healthy, U = unhealthy, - = no threshold crossed
  {
    name: 'three failures in a row make it unhealthy',
    thresholds: [1, 3],
    results: 'sffsfff',
    verdicts: 'H--H--U',
  },
  { name: 'two successes in a row make it healthy', thresholds: [2, 1], results: 'sfsss', verdicts: '-U-HH' },
])('$name', ({ thresholds: [successThreshold, failureThreshold], results, verdicts }) => {
  const tally = new ProbeTally({ successThreshold, failureThreshold });
  const letter = (verdict: ProbeVerdict | undefined): string =>
    verdict === undefined ? '-' : verdict === 'healthy' ? 'H' : 'U';
  expect(
    results
      .split('')
      .map((result) => letter(tally.record(result === 's')))
      .join(''),
  ).toBe(verdicts);
});
