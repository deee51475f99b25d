import {
  bursts,
  CHAT_SHAPE,
  poisson,
  LONG_ANSWERS_SHAPE,
  PREFILL_SHAPE,
  randomFor,
  sine,
  through,
  type Bursts,
  type RateAt,
  type Shape,
} from './synthetic.ts';
import { cut, jitter, multiply, readTrace } from './trace-file.ts';
import { AGENTIC, CHAT, type Scenario } from './types.ts';

const MINUTE = 60_000;
/** The halves of the hour-long recordings: what is tuned on comes before what is reported on. */
const HALF = 29 * MINUTE;
/** Mooncake's arrival times stand on a grid of this width. */
const MOONCAKE_GRID_MS = 3053;
const COPIES = 6;
const COPIES_WITHIN_MS = 2000;

type Set = Scenario['set'];

const NAME_OF_SET = { Tuning: 'tuning-', Reporting: '' } as const satisfies Record<Set, string>;

function azure(set: Set): readonly Scenario[] {
  const [fromMs, toMs, half] =
    set === 'Tuning' ? [0, HALF, 'first 29 min'] : [HALF, 2 * HALF, 'second 29 min'];
  const requests = () => cut(readTrace('azure-conv-2023'), fromMs, toMs);
  const common = { set, durationMs: HALF, targets: CHAT, steady: false };
  const name = `${NAME_OF_SET[set]}azure`;
  return [
    { ...common, name, title: `Azure conversations 2023, ${half}`, arrivals: requests },
    {
      ...common,
      name: `${name}-x6`,
      title: `Azure conversations 2023 ×6, ${half}`,
      arrivals: (seed) => multiply(requests(), COPIES, COPIES_WITHIN_MS, seed),
    },
  ];
}

function mooncake(set: Set): Scenario {
  const [fromMs, toMs, half] =
    set === 'Tuning' ? [0, HALF, 'first 29 min'] : [HALF, 2 * HALF, 'second 29 min'];
  return {
    name: `${NAME_OF_SET[set]}mooncake`,
    title: `Mooncake conversations, ${half} (12,000 tokens in)`,
    set,
    durationMs: HALF,
    targets: AGENTIC,
    steady: false,
    arrivals: (seed) => jitter(cut(readTrace('mooncake-conversation'), fromMs, toMs), MOONCAKE_GRID_MS, seed),
  };
}

function serveGen(set: Set, name: string, title: string, file: string): Scenario {
  return {
    name: `${NAME_OF_SET[set]}${name}`,
    title,
    set,
    durationMs: 120 * MINUTE,
    targets: CHAT,
    steady: false,
    arrivals: () => readTrace(file),
  };
}

interface Synthetic {
  readonly name: string;
  readonly title: string;
  readonly minutes: number;
  readonly highest: number;
  readonly shape?: Shape;
  readonly steady?: boolean;
  readonly rate: RateAt | Bursts;
}

/** Seeds of the two sets are apart, or both would see the same arrivals. */
const SEED_OF_SET = { Tuning: 1000, Reporting: 0 } as const satisfies Record<Set, number>;

function synthetic(set: Set, load: Synthetic): Scenario {
  const durationMs = load.minutes * MINUTE;
  const { rate } = load;
  return {
    name: `${NAME_OF_SET[set]}${load.name}`,
    title: load.title,
    set,
    durationMs,
    targets: CHAT,
    steady: load.steady ?? false,
    arrivals: (seed) => {
      const own = seed + SEED_OF_SET[set];
      const rateAt = typeof rate === 'function' ? rate : bursts(rate, durationMs, randomFor(own, 1));
      return poisson(rateAt, load.highest, durationMs, load.shape ?? CHAT_SHAPE, randomFor(own, 2));
    },
  };
}

const REPORTING: readonly Synthetic[] = [
  { name: 'steady', title: 'Steady, 24 requests/s', minutes: 45, highest: 24, steady: true, rate: () => 24 },
  {
    name: 'step',
    title: 'Step, 8 to 32 requests/s and back',
    minutes: 50,
    highest: 32,
    rate: (ms) => (ms >= 10 * MINUTE && ms < 30 * MINUTE ? 32 : 8),
  },
  {
    name: 'sine',
    title: 'Sine, 8 to 40 requests/s in 30 min',
    minutes: 60,
    highest: 40,
    rate: sine(8, 40, 30),
  },
  {
    name: 'ramp',
    title: 'Ramp, 4 to 48 requests/s in 15 min and back',
    minutes: 50,
    highest: 48,
    rate: through([
      [0, 4],
      [5, 4],
      [20, 48],
      [25, 48],
      [40, 4],
      [50, 4],
    ]),
  },
  {
    name: 'bursts',
    title: 'Bursts, 8 requests/s with 1 to 2 min of 40',
    minutes: 60,
    highest: 40,
    rate: { base: 8, burst: 40, quietSeconds: [240, 600], burstSeconds: [60, 120] },
  },
  {
    name: 'prefill-on-off',
    title: 'On–off, 3,000 tokens in and 12 out, 30 to 60 s of 10 requests/s',
    minutes: 60,
    highest: 10,
    shape: PREFILL_SHAPE,
    rate: { base: 0.2, burst: 10, quietSeconds: [180, 420], burstSeconds: [30, 60] },
  },
];

const TUNING: readonly Synthetic[] = [
  { name: 'steady', title: 'Steady, 15 requests/s', minutes: 45, highest: 15, steady: true, rate: () => 15 },
  {
    name: 'step',
    title: 'Step, 12 to 36 requests/s and back',
    minutes: 40,
    highest: 36,
    rate: (ms) => (ms >= 8 * MINUTE && ms < 24 * MINUTE ? 36 : 12),
  },
  {
    name: 'sine',
    title: 'Sine, 6 to 30 requests/s in 25 min',
    minutes: 50,
    highest: 30,
    rate: sine(6, 30, 25),
  },
  {
    name: 'ramp',
    title: 'Ramp, 6 to 40 requests/s in 12 min and back',
    minutes: 45,
    highest: 40,
    rate: through([
      [0, 6],
      [6, 6],
      [18, 40],
      [24, 40],
      [34, 6],
      [45, 6],
    ]),
  },
  {
    name: 'bursts',
    title: 'Bursts, 12 requests/s with 1 to 3 min of 36',
    minutes: 60,
    highest: 36,
    rate: { base: 12, burst: 36, quietSeconds: [200, 500], burstSeconds: [60, 180] },
  },
  {
    name: 'long-answers',
    title: 'Sine, 0.5 to 2 requests/s in 80 min (2,800 tokens out)',
    minutes: 80,
    highest: 2,
    shape: LONG_ANSWERS_SHAPE,
    rate: sine(0.5, 2, 80),
  },
  {
    name: 'prefill-on-off',
    title: 'On–off, 3,000 tokens in and 12 out, 20 to 40 s of 14 requests/s',
    minutes: 60,
    highest: 14,
    shape: PREFILL_SHAPE,
    rate: { base: 0.3, burst: 14, quietSeconds: [150, 360], burstSeconds: [20, 40] },
  },
];

/**
 * Every load. The two sets share no recorded window, no synthetic shape and no seed, so that what was tuned on the one
 * is judged on loads that it has never met.
 */
export const SCENARIOS: readonly Scenario[] = [
  ...azure('Reporting'),
  mooncake('Reporting'),
  serveGen(
    'Reporting',
    'servegen-chat',
    'ServeGen m-large, 08 to 10 h, 8 requests/s',
    'servegen-m-large-08h-10h',
  ),
  serveGen(
    'Reporting',
    'reasoning-peak',
    'ServeGen reasoning, 02 to 04 h (1,250 tokens out)',
    'servegen-r1-02h-04h',
  ),
  serveGen(
    'Reporting',
    'reasoning-long',
    'ServeGen reasoning, 06 to 08 h (3,500 tokens out)',
    'servegen-r1-06h-08h',
  ),
  ...REPORTING.map((load) => synthetic('Reporting', load)),
  ...azure('Tuning'),
  mooncake('Tuning'),
  serveGen(
    'Tuning',
    'servegen-chat',
    'ServeGen m-large, 00 to 02 h, 8 requests/s',
    'servegen-m-large-00h-02h',
  ),
  serveGen('Tuning', 'reasoning', 'ServeGen reasoning, 00 to 02 h (1,350 tokens out)', 'servegen-r1-00h-02h'),
  ...TUNING.map((load) => synthetic('Tuning', load)),
];

/** @throws Error naming the scenario that is not there */
export function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined)
    throw new Error(
      `there is no scenario ${name}; there are ${SCENARIOS.map((scenario) => scenario.name).join(', ')}`,
    );
  return found;
}
