import type { EngineLoad, EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { SizeInputs } from './types.ts';

/** The fleet sorted into what serves, what is to come, and what cannot come; input of every proposal. */
export interface FleetLoad {
  /** Ready engines. */
  readonly ready: readonly EngineSnapshot[];
  /** Engines that load and are still expected: capacity to come, never idle capacity. */
  readonly starting: readonly EngineSnapshot[];
  /** Engines that no node takes. */
  readonly unschedulable: readonly EngineSnapshot[];
  /** Engines that took longer than the start-up credit: nothing counts on them any more. */
  readonly overdue: readonly EngineSnapshot[];
  /** Ready engines whose page is missing. */
  readonly missing: readonly EngineSnapshot[];
  /** Loads of the ready engines whose page is fresh. */
  readonly known: readonly EngineLoad[];
  /** Last loads of ready engines that fell silent while loaded, counted on the way up only. */
  readonly remembered: readonly EngineLoad[];
  readonly credit: StartingCredit;
}

/** How long a starting engine counts as capacity to come. */
export interface StartingCredit {
  readonly ms: number;
  /** How that is known, for texts. */
  readonly because: string;
}

const SEEN_STARTS_TO_LEARN = 3;
/** Times in the API are whole seconds and probes have periods: less than this cannot be told from a normal start. */
const SHORTEST_CREDIT_MS = 30_000;

/**
 * Twice the 90th percentile (nearest rank) of the time from node to ready of the living engines, once three of them
 * were seen to start, at least half a minute and never more than the start-up time-out.
 */
export function startingCredit(
  engines: readonly EngineSnapshot[],
  startupTimeoutSeconds: number,
): StartingCredit {
  const timeout = { ms: startupTimeoutSeconds * 1000, because: 'engine.startupTimeoutSeconds' };
  const times = timesToReadyMs(engines);
  const p90 = p90Of(times);
  if (times.length < SEEN_STARTS_TO_LEARN || p90 === undefined) return timeout;
  const learned = { ms: 2 * p90, because: `twice the 90th percentile of ${times.length} starts` };
  if (learned.ms >= timeout.ms) return timeout;
  if (learned.ms >= SHORTEST_CREDIT_MS) return learned;
  return { ms: SHORTEST_CREDIT_MS, because: `${learned.because}, at least ${SHORTEST_CREDIT_MS / 1000} s` };
}

/** Milliseconds from node to ready of nine in ten living engines; `undefined` while none was seen to start. */
export function timeToReadyMs(engines: readonly EngineSnapshot[]): number | undefined {
  return p90Of(timesToReadyMs(engines));
}

function timesToReadyMs(engines: readonly EngineSnapshot[]): readonly number[] {
  return engines.flatMap((engine) =>
    // An engine that restarted got ready again long after its pod was made: that is no time to start.
    engine.readyAtMs === undefined || engine.restarts > 0 ? [] : [engine.readyAtMs - startOf(engine)],
  );
}

/** By nearest rank. */
function p90Of(times: readonly number[]): number | undefined {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.9) - 1];
}

/** When an engine could begin to start: the wait for a node is the cluster's, not the engine's. */
export function startOf({ scheduledAtMs, createdAtMs }: EngineSnapshot): number {
  return scheduledAtMs ?? createdAtMs;
}

/** Sorts the engines. `nowMs` is milliseconds since the epoch. */
export function fleetLoad(
  engines: readonly EngineSnapshot[],
  startupTimeoutSeconds: number,
  nowMs: number,
): FleetLoad {
  const credit = startingCredit(engines, startupTimeoutSeconds);
  const ready = engines.filter((engine) => engine.lifecycle === 'Ready');
  const coming = engines.filter((engine) => engine.lifecycle === 'Pending' || engine.lifecycle === 'Loading');
  const unschedulable = coming.filter((engine) => engine.unschedulable !== undefined);
  const loading = coming.filter((engine) => engine.unschedulable === undefined);
  const hasCredit = (engine: EngineSnapshot): boolean => nowMs - startOf(engine) <= credit.ms;
  return {
    ready,
    starting: loading.filter(hasCredit),
    unschedulable,
    overdue: loading.filter((engine) => !hasCredit(engine)),
    missing: ready.filter((engine) => engine.page.state === 'Missing'),
    known: ready.flatMap((engine) => (engine.page.state === 'Fresh' ? [engine.page.load] : [])),
    remembered: ready.flatMap((engine) =>
      engine.page.state === 'Missing' && engine.page.lastLoad !== undefined ? [engine.page.lastLoad] : [],
    ),
    credit,
  };
}

/** The figures of one kind that the given loads hold. */
export function figures(loads: readonly EngineLoad[], key: keyof SizeInputs & keyof EngineLoad): number[] {
  return loads.flatMap((load) => {
    const value = load[key];
    return value === undefined ? [] : [value];
  });
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The figures that a decision names as its inputs. */
export function sizeInputs(load: FleetLoad): SizeInputs {
  const waiting = figures(load.known, 'waiting');
  const deferred = figures(load.known, 'deferred');
  const running = figures(load.known, 'running');
  const kv = figures(load.known, 'kvCacheUsage');
  return {
    ready: load.ready.length,
    starting: load.starting.length,
    missing: load.missing.length,
    ...(waiting.length > 0 && { waiting: sum(waiting) }),
    ...(deferred.length > 0 && { deferred: sum(deferred) }),
    ...(running.length > 0 && { running: sum(running) }),
    ...(kv.length > 0 && { kvCacheUsage: sum(kv) / kv.length }),
  };
}
