import { runBenchmark, type BenchmarkOptions, type Report } from '../support/benchmark.ts';
import { cleanReport, runClean } from './clean.ts';
import { leakReport, runLeaks } from './leaking.ts';

/**
 * Leaking and healthy engines in virtual time, one sample a minute: which detector finds the leaks, when, and how often it
 * calls a healthy engine a leaking one. Run: `npm run bench:leaks -- [--json] [--quick]`.
 */
const LEAKS_PER_CASE = 60;
const CLEAN_ENGINE_DAYS = 20_000;
/** Other seeds than those on which the signatures were made (below 1,000,000) and than those of the tests. */
const FIRST_SEED = 7_000_001;

function measure({ quick }: BenchmarkOptions): Report {
  const part = quick ? 0.05 : 1;
  const leaks = runLeaks(Math.ceil(LEAKS_PER_CASE * part), FIRST_SEED);
  const clean = runClean(CLEAN_ENGINE_DAYS * part, FIRST_SEED + 500_000);
  return {
    lines: [...leakReport(leaks), '', ...cleanReport(clean)],
    figures: { leaks, clean },
  };
}

await runBenchmark('leaks', measure);
