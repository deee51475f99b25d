import { figure, table } from '../support/table.ts';
import { createDice } from './dice.ts';
import { countInterval, type Interval } from './intervals.ts';
import { healthyEngine, LOOK_ALIKES } from './look-alikes.ts';
import { runEngine } from './run-engine.ts';

const DAY_MINUTES = 1440;
const DAYS_PER_ENGINE = 2;
/** A rate of alarms below which nothing divides well. */
const MOST_NAMED = 20;

/** Alarms on healthy engines of one kind, by detector. */
export interface CleanResult {
  readonly lookAlike: string;
  readonly engineDays: number;
  readonly alarms: Readonly<Record<string, number>>;
  /** Runs of ours that must be looked into, with what was said. */
  readonly wrong: readonly { readonly seed: number; readonly message: string }[];
  /** Runs whose dice filled the memory: such an engine is not healthy, and is left out. */
  readonly discarded: number;
}

/** Runs healthy engines with each look-alike in turn until there are that many engine-days. */
export function runClean(engineDays: number, firstSeed: number): readonly CleanResult[] {
  const each = Math.ceil(engineDays / DAYS_PER_ENGINE / LOOK_ALIKES.length);
  return LOOK_ALIKES.map((lookAlike, index) =>
    runLookAlike(lookAlike.name, each, firstSeed + index * 10_000),
  );
}

/** @throws Error if there is no such look-alike */
export function runLookAlike(name: string, engines: number, firstSeed: number): CleanResult {
  const lookAlike = LOOK_ALIKES.find((one) => one.name === name);
  if (lookAlike === undefined) throw new Error(`there is no look-alike "${name}"`);
  const alarms: Record<string, number> = {};
  const wrong: { seed: number; message: string }[] = [];
  let discarded = 0;
  for (let seed = firstSeed; seed < firstSeed + engines; seed++) {
    const dice = createDice(seed);
    const run = runEngine(lookAlike.bend(healthyEngine(dice), dice), DAYS_PER_ENGINE * DAY_MINUTES, dice);
    if (run.isFull) {
      discarded += 1;
      continue;
    }
    for (const [detector, at] of Object.entries(run.firedAt))
      alarms[detector] = (alarms[detector] ?? 0) + (at === undefined ? 0 : 1);
    if (run.verdict !== undefined) wrong.push({ seed, message: run.verdict.message });
  }
  return {
    lookAlike: name,
    engineDays: (engines - discarded) * DAYS_PER_ENGINE,
    alarms,
    wrong,
    discarded,
  };
}

/** False alarms per 1,000 engine-days, with the interval, by look-alike and over all. */
export function cleanReport(results: readonly CleanResult[]): readonly string[] {
  const detectors = Object.keys(results[0]?.alarms ?? {});
  const days = results.reduce((sum, { engineDays }) => sum + engineDays, 0);
  const total = (detector: string): number =>
    results.reduce((sum, { alarms }) => sum + (alarms[detector] ?? 0), 0);
  const header = ['healthy engines', 'engine-days', 'left out', ...detectors];
  const rows = results.map(({ lookAlike, engineDays, discarded, alarms }) => [
    lookAlike,
    String(engineDays),
    String(discarded),
    ...detectors.map((detector) => perThousand(alarms[detector] ?? 0, engineDays)),
  ]);
  const left = results.reduce((sum, { discarded }) => sum + discarded, 0);
  const all = ['all', String(days), String(left), ...detectors.map((one) => perThousand(total(one), days))];
  const between = [
    '95 % interval',
    '',
    '',
    ...detectors.map((one) => intervalText(countInterval(total(one)), days)),
  ];
  const ours = detectors[0] ?? '';
  const ratios = detectors.map((one) => ratioText(total(one), total(ours)));
  const wrong = results.flatMap(({ lookAlike, wrong: runs }) =>
    runs.map(({ seed, message }) => `wrong: ${lookAlike}, seed ${seed}: ${message}`),
  );
  return [
    'false alarms per 1,000 engine-days',
    ...table(header, [...rows, all, between, ['times ours', '', '', ...ratios]]),
    ...wrong.slice(0, MOST_NAMED),
  ];
}

function perThousand(alarms: number, days: number): string {
  return figure(days === 0 ? undefined : (1000 * alarms) / days, 2);
}

function intervalText([low, high]: Interval, days: number): string {
  return `${figure((1000 * low) / days, 2)} to ${figure((1000 * high) / days, 2)}`;
}

/** Where ours has none, against the upper end of its interval. */
function ratioText(alarms: number, ours: number): string {
  return ours > 0 ? `× ${figure(alarms / ours, 1)}` : `> × ${figure(alarms / countInterval(0)[1], 0)}`;
}
