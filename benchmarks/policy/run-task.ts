import { createLoneEngine } from '../../src/simulator/fleet/serve-alone.ts';
import { simulateFleet } from '../../src/simulator/fleet/simulate-fleet.ts';
import type { FleetArrival, FleetConfig, FleetPolicy, FleetResult } from '../../src/simulator/fleet/types.ts';
import { engineConfigOf } from '../../src/simulator/model/engine-config.ts';
import { ENGINE_PROFILES, type ProfileName } from '../../src/simulator/model/profiles.ts';
import { blame, type Blame } from './blame.ts';
import type { Cell } from './cells.ts';
import {
  hindsightPolicy,
  ORACLE_INTERVAL_MS,
  oraclePolicy,
  oracleSizeAt,
  seatCurve,
  smallestFactor,
  type OracleSetting,
} from './oracle.ts';
import { PEERS, SHIPPED } from './policies/catalogue.ts';
import type { PolicySetting } from './policies/types.ts';
import { scenarioOf } from './scenarios/catalogue.ts';
import type { Scenario } from './scenarios/types.ts';
import { attainableOf, countGood, remembering, score, type Score, type ServeAlone } from './score.ts';
import { meanRequest, seatsPerEngine } from './seats.ts';
import { drawRun, loadPerMinute, type RunSeries } from './series.ts';

/** KEDA's default `maxReplicaCount`; all policies have it. */
const MAX_REPLICAS = 100;
const ABANDON_AFTER_MS = 30_000;
/** All policies but the oracle begin with a fleet whose seats are used to 75 % at the start. */
const SEATS_USED_AT_START = 0.75;

export const ORACLE = 'oracle';
/** The oracle without its foresight. */
export const HINDSIGHT = 'no foresight';

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
  readonly blame: Blame;
  readonly series?: RunSeries;
}

export interface TaskResult {
  readonly task: Task;
  readonly seatsPerEngine: number;
  readonly oracleFactor: number;
  readonly loadPerMinute: readonly number[];
  readonly runs: readonly PolicyRun[];
}

/** What all policies of a task have in common. */
interface Stage {
  readonly scenario: Scenario;
  readonly arrivals: readonly FleetArrival[];
  /** For each of the arrivals. */
  readonly attainable: readonly boolean[];
  readonly setting: PolicySetting;
  readonly oracle: OracleSetting;
  readonly config: Omit<FleetConfig, 'initialSize' | 'intervalMs'>;
}

/** Runs all policies on the requests of one task. */
export function runTask(task: Task): TaskResult {
  const stage = setStage(task);
  const { scenario, arrivals, oracle, setting } = stage;
  const { factor, run } = searchOracle(stage);
  const initialSize = oracleSizeAt(oracle, 1 / SEATS_USED_AT_START, 0);
  const played = [SHIPPED, ...PEERS].map(({ name, create, intervalMs }) =>
    describe(task, stage, name, play(stage, create(setting), intervalMs, initialSize), run),
  );
  const hindsight = play(stage, hindsightPolicy(oracle, factor), ORACLE_INTERVAL_MS, initialSize);
  return {
    task,
    seatsPerEngine: setting.seatsPerEngine,
    oracleFactor: factor,
    loadPerMinute: task.withSeries ? loadPerMinute(arrivals, scenario.durationMs) : [],
    runs: [
      ...played,
      describe(task, stage, HINDSIGHT, hindsight, run),
      describe(task, stage, ORACLE, run, run),
    ],
  };
}

const loneEngines = new Map<ProfileName, ServeAlone>();

function setStage({ scenario: name, cell, seed }: Task): Stage {
  const scenario = scenarioOf(name);
  const { targets, durationMs } = scenario;
  const arrivals = scenario.arrivals(seed);
  const { profile, startupSeconds, routing, prefixCaching } = cell;
  const engine = { ...engineConfigOf(ENGINE_PROFILES[profile]), prefixCaching };
  const serveAlone = loneEngines.get(profile) ?? remembering(createLoneEngine(engine));
  loneEngines.set(profile, serveAlone);
  const seats = seatsPerEngine(engine, meanRequest(arrivals), targets.tpotMs);
  const startupMs = startupSeconds * 1000;
  return {
    scenario,
    arrivals,
    attainable: attainableOf(arrivals, targets, serveAlone),
    setting: { engine, targets, seatsPerEngine: seats, maxReplicas: MAX_REPLICAS },
    oracle: {
      curve: seatCurve(arrivals, targets.tpotMs, durationMs),
      seatsPerEngine: seats,
      startupMs,
      maxReplicas: MAX_REPLICAS,
    },
    config: {
      engine,
      dataParallelSize: 1,
      startupMs,
      routing,
      abandonAfterMs: ABANDON_AFTER_MS,
      durationMs,
      seed,
    },
  };
}

function play(stage: Stage, policy: FleetPolicy, intervalMs: number, initialSize: number): FleetResult {
  return simulateFleet({ ...stage.config, intervalMs, initialSize }, stage.arrivals, policy);
}

function searchOracle(stage: Stage): { readonly factor: number; readonly run: FleetResult } {
  const { attainable, oracle, scenario } = stage;
  const possible = Math.max(1, attainable.filter(Boolean).length);
  return smallestFactor(
    (factor) =>
      play(stage, oraclePolicy(oracle, factor), ORACLE_INTERVAL_MS, oracleSizeAt(oracle, factor, 0)),
    ({ records }) => countGood(records, attainable, scenario.targets) / possible,
  );
}

function describe(
  { withSeries }: Task,
  { scenario, attainable }: Stage,
  policy: string,
  result: FleetResult,
  oracle: FleetResult,
): PolicyRun {
  const limits = { abandonAfterMs: ABANDON_AFTER_MS, durationMs: scenario.durationMs };
  return {
    policy,
    score: score(result, attainable, scenario.targets, limits),
    blame: blame(result, attainable, scenario.targets, oracle.ticks),
    ...(withSeries && { series: drawRun(result, limits) }),
  };
}
