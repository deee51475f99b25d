import { createDice } from '../leaks/dice.ts';
import { countInterval, shareInterval } from '../leaks/intervals.ts';
import { runBenchmark, type BenchmarkOptions, type Report } from '../support/benchmark.ts';
import { figure, table } from '../support/table.ts';
import { FAULT_SECONDS, FAULTS } from './faults.ts';
import { LOOK_ALIKES } from './look-alikes.ts';
import { watch } from './watch.ts';

/**
 * Sick and healthy engines in virtual time, a page every five seconds: how long the proof takes, and how often a healthy engine is
 * proved sick. Run: `npm run bench:acute [-- --json] [-- --quick]`.
 */
const WHOLE = { trials: 60, daysPerLookAlike: 10 };
const QUICK = { trials: 8, daysPerLookAlike: 1 };
/** Other seeds than those on which this was tried (below 1,000,000). */
const FIRST_SEED = 80_000_001;
const DAY_SECONDS = 86_400;
const TARGET_SECONDS = 180;

interface FaultResult {
  readonly name: string;
  readonly signature: string;
  readonly trials: number;
  /** Seconds from the fault to the proof, ascending; of those proved. */
  readonly seconds: readonly number[];
  /** Proofs of another signature, or before the fault. */
  readonly wrong: number;
}

interface CleanResult {
  readonly name: string;
  readonly engineDays: number;
  readonly proofs: number;
  readonly suspicions: number;
  readonly said: readonly string[];
}

function measure({ quick }: BenchmarkOptions): Report {
  const { trials, daysPerLookAlike } = quick ? QUICK : WHOLE;
  const faults = FAULTS.map((_, index) => runFault(index, trials));
  const clean = LOOK_ALIKES.map((_, index) => runClean(index, daysPerLookAlike));
  return { lines: [...faultLines(faults), '', ...cleanLines(clean)], figures: { faults, clean } };
}

function runFault(index: number, trials: number): FaultResult {
  const { name = '', signature = '', life } = FAULTS[index] ?? {};
  const seconds: number[] = [];
  let wrong = 0;
  for (let trial = 0; trial < trials; trial++) {
    const one = life?.(createDice(FIRST_SEED + index * 10_000 + trial));
    if (one === undefined) continue;
    const { proved } = watch(one, FAULT_SECONDS);
    const faultAt = one.faultAt?.() ?? Infinity;
    for (const [said, at] of Object.entries(proved)) {
      if (said === signature && at >= faultAt) seconds.push(at - faultAt);
      else wrong += 1;
    }
  }
  return { name, signature, trials, seconds: seconds.toSorted((a, b) => a - b), wrong };
}

function runClean(index: number, days: number): CleanResult {
  const { name = '', life } = LOOK_ALIKES[index] ?? {};
  const said: string[] = [];
  let proofs = 0;
  let suspicions = 0;
  for (let day = 0; day < days; day++) {
    const one = life?.(createDice(FIRST_SEED + 1_000_000 + index * 10_000 + day));
    if (one === undefined) continue;
    const watched = watch(one, DAY_SECONDS);
    proofs += Object.keys(watched.proved).length;
    suspicions += watched.suspicions;
    if (watched.said !== undefined) said.push(watched.said);
  }
  return { name, engineDays: days, proofs, suspicions, said };
}

function faultLines(results: readonly FaultResult[]): readonly string[] {
  const rows = results.map(({ name, signature, trials, seconds, wrong }) => {
    const inTime = seconds.filter((one) => one < TARGET_SECONDS).length;
    const [low, high] = shareInterval(seconds.length, trials);
    return [
      name,
      signature,
      `${seconds.length}/${trials}`,
      `${percent(low)} to ${percent(high)}`,
      figure(seconds[Math.floor(seconds.length / 2)], 0),
      figure(seconds.at(-1), 0),
      `${inTime}/${trials}`,
      String(wrong),
    ];
  });
  const header = [
    'fault',
    'signature',
    'proved',
    '95 % interval',
    's, median',
    's, most',
    `< ${TARGET_SECONDS} s`,
    'wrong',
  ];
  return table(header, rows);
}

function cleanLines(results: readonly CleanResult[]): readonly string[] {
  const total = (of: (result: CleanResult) => number): number =>
    results.reduce((sum, one) => sum + of(one), 0);
  const days = total(({ engineDays }) => engineDays);
  const proofs = total((one) => one.proofs);
  const [low, high] = countInterval(proofs);
  const perThousand = (count: number): string => figure((1000 * count) / days, 1);
  return [
    ...table(
      ['healthy engines', 'engine-days', 'proved sick', 'suspected, times a day'],
      [
        ...results.map((one) => [
          one.name,
          String(one.engineDays),
          String(one.proofs),
          figure(one.suspicions / one.engineDays, 1),
        ]),
        ['all', String(days), String(proofs), figure(total(({ suspicions }) => suspicions) / days, 1)],
      ],
    ),
    `proved sick per 1,000 healthy engine-days: ${perThousand(proofs)} (95 % interval ${perThousand(low)} to ${perThousand(high)})`,
    ...results.flatMap(({ name, said }) => said.map((one) => `wrong: ${name}: ${one}`)),
  ];
}

function percent(share: number): string {
  return `${figure(100 * share, 1)} %`;
}

await runBenchmark('acute', measure);
