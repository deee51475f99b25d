import { figure, table } from '../support/table.ts';
import { createDice, type Dice } from './dice.ts';
import { coarseActivity, type Activities, type Activity, type Engine } from './engine.ts';
import { healthyEngine, LOOK_ALIKES } from './look-alikes.ts';
import { ModelActivity } from './model-activity.ts';
import { OURS, runEngine, type EngineRun } from './run-engine.ts';
import { leakPerRequest } from './shares.ts';
import { anyTraffic, type Traffic } from './traffic.ts';

const DAY_MINUTES = 1440;
/** Mean requests a second: what one engine of the default profile can serve at the peak of a wave. */
const RATES = [0.1, 2] as const;
const LEAST_RATE = 0.01;

/** The same engine under the coarse generator's activity and under the step-by-step model's. */
interface Source {
  readonly name: 'coarse' | 'model';
  readonly minutes: Activity[];
  readonly leaks: EngineRun[];
  readonly clean: EngineRun[];
}

export interface SourceResult {
  readonly source: string;
  readonly engineDays: number;
  /** Quantiles 10, 50 and 90 of all minutes. */
  readonly inFlight: readonly number[];
  readonly finishedPerMinute: readonly number[];
  /** Of minutes with requests in flight. */
  readonly stepsPerMinute: readonly number[];
  /** Of the minutes, those without a request in flight; of these, the most KV usage. */
  readonly idleShare: number;
  readonly mostIdleKv: number;
  readonly leaksFound: number;
  readonly leaks: number;
  /** Median, as a share of the time until full. */
  readonly foundAt: number;
  readonly alarms: number;
  readonly clean: number;
}

/**
 * Runs engine-days twice, with the same traffic and the same memory for the work done: half of them leak by request, half are
 * healthy look-alikes in turn. What the generator takes as given, how long a request takes, is the model's mean.
 */
export function validate(engineDays: number, firstSeed: number): readonly SourceResult[] {
  const sources: readonly Source[] = (['coarse', 'model'] as const).map((name) => ({
    name,
    minutes: [],
    leaks: [],
    clean: [],
  }));
  for (let day = 0; day < engineDays; day++) {
    const seed = firstSeed + day;
    const traffic = trafficOf(createDice(seed));
    const model = new ModelActivity(traffic, createDice(seed + 1_000_000));
    const played = Array.from({ length: DAY_MINUTES }, (_, minute) => model.at(minute));
    for (const source of sources) {
      const dice = createDice(seed + 2_000_000);
      const engine = engineOf(day, { traffic, requestSeconds: model.requestSeconds }, dice);
      const activities =
        source.name === 'model' ? played : playedBy(coarseActivity(engine, createDice(seed + 3_000_000)));
      const run = runEngine(engine, DAY_MINUTES, dice, (minute) => activities[minute] ?? NOTHING);
      source.minutes.push(...perMinute(activities));
      (isLeaking(day) ? source.leaks : source.clean).push(run);
    }
  }
  return sources.map(resultOf);
}

const NOTHING: Activity = { requests: 0, steps: 0, inFlight: 0, liveKv: 0 };

function isLeaking(day: number): boolean {
  return day % 2 === 0;
}

/** Any traffic, of a size that one engine can serve. */
function trafficOf(dice: Dice): Traffic {
  const any = anyTraffic(dice);
  const mean = [0, 360, 720, 1080].reduce((sum, minute) => sum + any(minute), 0) / 4;
  const factor = dice.scale(...RATES) / Math.max(LEAST_RATE, mean);
  return (minute) => Math.min(2 * RATES[1], factor * any(minute));
}

type Served = Pick<Engine, 'traffic' | 'requestSeconds'>;

function engineOf(day: number, served: Served, dice: Dice): Engine {
  const healthy: Engine = { ...healthyEngine(dice), ...served };
  // What followed the drawn traffic is left out: this traffic is another.
  const plain = { ...healthy, shares: healthy.shares.slice(0, -1) };
  if (!isLeaking(day)) {
    const names = ['nothing special', 'growth to a plateau', 'growth to a plateau, by request', 'noise'];
    const name = names[((day - 1) / 2) % names.length];
    return LOOK_ALIKES.find((one) => one.name === name)?.bend(plain, dice) ?? plain;
  }
  const requests = Array.from({ length: DAY_MINUTES }, (_, minute) => 60 * served.traffic(minute));
  const total = Math.max(
    1,
    requests.reduce((sum, one) => sum + one, 0),
  );
  const room = plain.limitBytes - plain.baseBytes;
  return { ...plain, shares: [...plain.shares, leakPerRequest((room * dice.between(1.2, 3)) / total)] };
}

function playedBy(activities: Activities): readonly Activity[] {
  return Array.from({ length: DAY_MINUTES }, (_, minute) => activities(minute));
}

/** Running totals as what came in each minute. */
function perMinute(activities: readonly Activity[]): readonly Activity[] {
  return activities.map((activity, minute) => {
    const before = activities[minute - 1] ?? NOTHING;
    return {
      ...activity,
      requests: activity.requests - before.requests,
      steps: activity.steps - before.steps,
    };
  });
}

function resultOf({ name, minutes, leaks, clean }: Source): SourceResult {
  const idle = minutes.filter(({ inFlight }) => inFlight === 0);
  const busy = minutes.filter(({ inFlight }) => inFlight > 0);
  const full = leaks.filter(({ isFull }) => isFull);
  const shares = full.map((run) => (run.firedAt[OURS] ?? run.minutes) / run.minutes);
  return {
    source: name,
    engineDays: minutes.length / DAY_MINUTES,
    inFlight: quantiles(minutes.map(({ inFlight }) => inFlight)),
    finishedPerMinute: quantiles(minutes.map(({ requests }) => requests)),
    stepsPerMinute: quantiles(busy.map(({ steps }) => steps)),
    idleShare: idle.length / minutes.length,
    mostIdleKv: idle.reduce((most, { liveKv }) => Math.max(most, liveKv), 0),
    leaksFound: shares.filter((share) => share < 1).length,
    leaks: full.length,
    foundAt: quantiles(shares)[1] ?? Number.NaN,
    alarms: clean.filter(({ firedAt }) => firedAt[OURS] !== undefined).length,
    clean: clean.length,
  };
}

function quantiles(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.1, 0.5, 0.9].map((share) => sorted[Math.floor(share * sorted.length)] ?? Number.NaN);
}

/** One column a source. */
export function validationReport(results: readonly SourceResult[]): readonly string[] {
  const spread = (values: readonly number[]): string => values.map((value) => figure(value, 0)).join(' / ');
  const rows: readonly (readonly [string, (result: SourceResult) => string])[] = [
    ['engine-days', ({ engineDays }) => figure(engineDays, 0)],
    ['in flight, p10 / p50 / p90', ({ inFlight }) => spread(inFlight)],
    ['finished a minute', ({ finishedPerMinute }) => spread(finishedPerMinute)],
    ['steps a busy minute', ({ stepsPerMinute }) => spread(stepsPerMinute)],
    ['minutes without a request', ({ idleShare }) => `${figure(100 * idleShare, 1)} %`],
    ['most KV usage in these', ({ mostIdleKv }) => figure(mostIdleKv, 2)],
    ['leaks found', ({ leaksFound, leaks }) => `${leaksFound}/${leaks}`],
    ['at share of time, median', ({ foundAt }) => `${figure(100 * foundAt, 1)} %`],
    ['false alarms', ({ alarms, clean }) => `${alarms}/${clean}`],
  ];
  return [
    'the coarse generator beside the step-by-step model of an engine (src/simulator/model)',
    ...table(
      ['', ...results.map(({ source }) => source)],
      rows.map(([what, text]) => [what, ...results.map(text)]),
    ),
  ];
}
