import { createLoneEngine } from '../../src/simulator/fleet/serve-alone.ts';
import { simulateFleet } from '../../src/simulator/fleet/simulate-fleet.ts';
import type { FleetConfig, FleetPolicy, FleetResult } from '../../src/simulator/fleet/types.ts';
import { engineConfigOf } from '../../src/simulator/model/engine-config.ts';
import { ENGINE_PROFILES } from '../../src/simulator/model/profiles.ts';
import type { Cell } from './cells.ts';
import { ORACLE_INTERVAL_MS, oraclePolicy, oracleSizeAt, seatCurve, smallestFactor } from './oracle.ts';
import { PEERS, SHIPPED } from './policies/catalogue.ts';
import { scenarioOf } from './scenarios/catalogue.ts';
import { attainableOf, countGood, remembering, score, type Score, type ServeAlone } from './score.ts';
import { meanRequest, seatsPerEngine } from './seats.ts';
import { drawRun, loadPerMinute, type RunSeries } from './series.ts';

/** KEDA's default `maxReplicaCount`; all policies have it. */
const MAX_REPLICAS = 100;
const ABANDON_AFTER_MS = 30_000;

export const ORACLE = 'oracle';

/** One load under one set of circumstances: all policies are run on it. */
export interface Task {
  readonly scenario: string;
  readonly cell: Cell;
  readonly seed: number;
  /** Whether the plot of the scenario is made from it. */
  readonly withSeries: boolean;
}

export interface PolicyRun {
  readonly policy: string;
  readonly score: Score;
  readonly series?: RunSeries;
}

export interface TaskResult {
  readonly task: Task;
  readonly seatsPerEngine: number;
  readonly oracleFactor: number;
  readonly loadPerMinute: readonly number[];
  readonly runs: readonly PolicyRun[];
}

const loneEngines = new Map<string, ServeAlone>();

/** Runs the oracle first: all policies start with the size that it has at the start. */
export function runTask(task: Task): TaskResult {
  const scenario = scenarioOf(task.scenario);
  const { targets, durationMs } = scenario;
  const arrivals = scenario.arrivals(task.seed);
  const { profile, startupSeconds, routing, prefixCaching } = task.cell;
  const engine = { ...engineConfigOf(ENGINE_PROFILES[profile]), prefixCaching };
  const serveAlone = loneEngines.get(profile) ?? remembering(createLoneEngine(engine));
  loneEngines.set(profile, serveAlone);
  const attainable = attainableOf(arrivals, targets, serveAlone);
  const seats = seatsPerEngine(engine, meanRequest(arrivals), targets.tpotMs);
  const startupMs = startupSeconds * 1000;
  const oracle = {
    curve: seatCurve(arrivals, targets.tpotMs, durationMs),
    seatsPerEngine: seats,
    startupMs,
    maxReplicas: MAX_REPLICAS,
  };
  const play = (policy: FleetPolicy, intervalMs: number, initialSize: number): FleetResult => {
    const config: FleetConfig = {
      engine,
      dataParallelSize: 1,
      startupMs,
      initialSize,
      routing,
      intervalMs,
      abandonAfterMs: ABANDON_AFTER_MS,
      durationMs,
      seed: task.seed,
    };
    return simulateFleet(config, arrivals, policy);
  };
  const describe = (policy: string, result: FleetResult): PolicyRun => ({
    policy,
    score: score(result, attainable, targets, { abandonAfterMs: ABANDON_AFTER_MS, durationMs }),
    ...(task.withSeries && { series: drawRun(result, durationMs, ABANDON_AFTER_MS) }),
  });
  const possible = Math.max(1, attainable.filter(Boolean).length);
  const { factor, run } = smallestFactor(
    (tried) => play(oraclePolicy(oracle, tried), ORACLE_INTERVAL_MS, oracleSizeAt(oracle, tried, 0)),
    ({ records }) => countGood(records, attainable, targets) / possible,
  );
  const initialSize = oracleSizeAt(oracle, factor, 0);
  const setting = { engine, targets, seatsPerEngine: seats, maxReplicas: MAX_REPLICAS };
  return {
    task,
    seatsPerEngine: seats,
    oracleFactor: factor,
    loadPerMinute: task.withSeries ? loadPerMinute(arrivals, durationMs) : [],
    runs: [
      ...[SHIPPED, ...PEERS].map(({ name, create, intervalMs }) =>
        describe(name, play(create(setting), intervalMs, initialSize)),
      ),
      describe(ORACLE, run),
    ],
  };
}
