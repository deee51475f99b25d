import { simulateFleet } from '../src/simulator/fleet/simulate-fleet.ts';
import type { FleetArrival } from '../src/simulator/fleet/types.ts';
import { engineConfigOf } from '../src/simulator/model/engine-config.ts';
import { ENGINE_PROFILES } from '../src/simulator/model/profiles.ts';
import { createRandom, geometric } from '../src/simulator/model/random.ts';
import { playClosedLoop, stepClosedLoop, type Lengths } from './simulator/churn.ts';
import { runBenchmark, type BenchmarkOptions, type Report } from './support/benchmark.ts';
import { rounded, table } from './support/table.ts';

/**
 * How fast simulated time passes: steps of one engine per CPU second, beside the same engine without the short cut
 * over steps that are alike, and hours of a whole fleet. CPU time, not time on the wall, so that other work on the
 * machine counts less. Run: `node benchmarks/simulator.ts [--json] [--quick]`.
 */
const BATCHES = [1, 16, 64, 256] as const;

const LOADS: readonly { readonly name: string; readonly lengths: Lengths }[] = [
  { name: 'chat', lengths: { promptTokens: 200, outputTokens: 200 } },
  { name: 'reasoning', lengths: { promptTokens: 200, outputTokens: 2000 } },
];

const PROFILE = ENGINE_PROFILES['llama3.1-8b/L40Sx1'];

function measureSteps({ quick }: BenchmarkOptions) {
  const cpuSeconds = quick ? 0.1 : 1;
  return LOADS.flatMap(({ name, lengths }) =>
    BATCHES.map((batch) => {
      const loop = { engine: { ...engineConfigOf(PROFILE), maxNumSeqs: batch }, clients: batch, lengths };
      const played = playClosedLoop(loop, cpuSeconds);
      const stepped = stepClosedLoop(loop, cpuSeconds);
      return {
        load: name,
        batch,
        stepsPerSecond: Math.round(played.steps / played.cpuSeconds),
        requestsPerSecond: Math.round(played.requests / played.cpuSeconds),
        singleStepsPerSecond: Math.round(stepped.steps / stepped.cpuSeconds),
      };
    }),
  );
}

const ENGINES = 16;
const REQUESTS_PER_SECOND = 30;

function measureFleet({ quick }: BenchmarkOptions) {
  const hours = quick ? 0.05 : 1;
  const durationMs = hours * 3_600_000;
  const arrivals = poisson(durationMs);
  const before = process.cpuUsage();
  const { records } = simulateFleet(
    {
      engine: engineConfigOf(PROFILE),
      dataParallelSize: 1,
      startupMs: 1000 * PROFILE.startupSeconds,
      initialSize: ENGINES,
      routing: 'LessLoadedOfTwo',
      intervalMs: 5000,
      abandonAfterMs: 30_000,
      durationMs,
      seed: 1,
    },
    arrivals,
    ({ size }) => size,
  );
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  return {
    fleetHoursPerSecond: rounded(hours / cpuSeconds, 3),
    engineHoursPerSecond: rounded((ENGINES * hours) / cpuSeconds, 2),
    requestsPerSecond: Math.round(records.length / cpuSeconds),
  };
}

function poisson(durationMs: number): readonly FleetArrival[] {
  const random = createRandom(1);
  const arrivals: FleetArrival[] = [];
  for (let atMs = 0; atMs < durationMs; atMs -= (1000 * Math.log(1 - random())) / REQUESTS_PER_SECOND)
    arrivals.push({ atMs, promptTokens: geometric(1000, random), outputTokens: geometric(200, random) });
  return arrivals;
}

function measure(options: BenchmarkOptions): Report {
  const steps = measureSteps(options);
  const fleet = measureFleet(options);
  const rows = steps.map((one) => [
    `${one.load}, batch ${one.batch}`,
    one.stepsPerSecond.toLocaleString('en'),
    one.singleStepsPerSecond.toLocaleString('en'),
    `${(one.stepsPerSecond / one.singleStepsPerSecond).toFixed(1)}x`,
    one.requestsPerSecond.toLocaleString('en'),
  ]);
  return {
    lines: [
      'one engine that is always full, per CPU second; answers of 200 (chat) or 2,000 tokens (reasoning) in the mean',
      ...table(['', 'steps', 'one by one', 'ratio', 'requests'], rows),
      '',
      `a fleet of ${ENGINES} engines at ${REQUESTS_PER_SECOND} requests/s, 1,000 tokens in, 200 out, per CPU second:`,
      `${fleet.fleetHoursPerSecond} fleet-hours, ${fleet.engineHoursPerSecond} engine-hours, ${fleet.requestsPerSecond.toLocaleString('en')} requests`,
    ],
    figures: { steps, fleet: { engines: ENGINES, arrivalsPerSecond: REQUESTS_PER_SECOND, ...fleet } },
  };
}

await runBenchmark('simulator', measure);
