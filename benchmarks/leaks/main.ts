import { runBenchmark, type BenchmarkOptions, type Report } from '../support/benchmark.ts';
import { cleanReport, runClean } from './clean.ts';
import { leakReport, runLeaks } from './leaking.ts';
import { validate, validationReport } from './validation.ts';

/**
 * Leaking and healthy engines in virtual time, one sample a minute: which detector finds the leaks, when, and how often it
 * calls a healthy engine a leaking one; and whether the engines' coarse activity is like that of the simulator. Run: `node benchmarks/leaks/main.ts [--json] [--quick]`.
 */
const WHOLE = { leaksPerCase: 60, cleanEngineDays: 20_000, validatedDays: 50 };
const QUICK = { leaksPerCase: 12, cleanEngineDays: 1000, validatedDays: 4 };
/** Other seeds than those on which the signatures were made (below 1,000,000) and than those of the tests. */
const FIRST_SEED = 90_000_001;

function measure({ quick }: BenchmarkOptions): Report {
  const { leaksPerCase, cleanEngineDays, validatedDays } = quick ? QUICK : WHOLE;
  const leaks = runLeaks(leaksPerCase, FIRST_SEED);
  const clean = runClean(cleanEngineDays, FIRST_SEED + 500_000);
  const validation = validate(validatedDays, FIRST_SEED + 20_000_000);
  return {
    lines: [...leakReport(leaks), '', ...cleanReport(clean), '', ...validationReport(validation)],
    figures: { leaks, clean, validation },
  };
}

await runBenchmark('leaks', measure);
