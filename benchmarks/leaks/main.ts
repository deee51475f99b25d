import { runBenchmark, type BenchmarkOptions, type Report } from '../support/benchmark.ts';
import { cleanReport, runClean } from './clean.ts';
import { leakReport, runLeaks } from './leaking.ts';

/**
 * Leaking and healthy engines in virtual time, one sample a minute: which detector finds the leaks, when, and how often it
 * calls a healthy engine a leaking one. Run: `node benchmarks/leaks/main.ts [--json] [--quick]`.
 */
const WHOLE = { leaksPerCase: 60, cleanEngineDays: 20_000 };
const QUICK = { leaksPerCase: 12, cleanEngineDays: 1000 };
/** Other seeds than those on which the signatures were made (below 1,000,000) and than those of the tests. */
const FIRST_SEED = 40_000_001;

function measure({ quick }: BenchmarkOptions): Report {
  const { leaksPerCase, cleanEngineDays } = quick ? QUICK : WHOLE;
  const leaks = runLeaks(leaksPerCase, FIRST_SEED);
  const clean = runClean(cleanEngineDays, FIRST_SEED + 500_000);
  return {
    lines: [...leakReport(leaks), '', ...cleanReport(clean)],
    figures: { leaks, clean },
  };
}

await runBenchmark('leaks', measure);
