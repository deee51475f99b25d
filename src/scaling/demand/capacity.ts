import type { FleetLoad } from '../fleet-load.ts';
import type { LatencyPromise, ScalingSettings } from '../types.ts';
import { workOf, type DemandMemory, type MeanRequest } from './memory.ts';
import { MISSES_ALLOWED, safeLoad, type SafeLoad } from './safe-load.ts';
import { seatsOf, type PaceLine } from './seats.ts';

/** What one engine can carry. */
export interface Capacity {
  /** Requests per second, of those that come now. */
  readonly rate: number;
  /** Requests per second that engines were seen to carry in time, or little more; absent while `rate` is that. */
  readonly shown?: number;
  /** How `rate` is known, for the decision's text. */
  readonly text: string;
}

export interface CapacityView {
  /** Absent while nothing tells. */
  readonly capacity?: Capacity;
  /** Why no number of engines keeps the promise. */
  readonly unreachable?: string;
  /** The highest load known to be safe, for the memory; absent while none is. */
  readonly limit?: number;
}

/** The part of its seats that an engine is planned with while nobody has seen it keep its promise with more. */
const SEATS_PLANNED = 0.6;
/** A load that was always fine is exceeded in steps of this. */
const STEP_UP = 1.1;
/** On the strength of seats alone, a fleet is shrunk to no more than this times the load that was seen to be fine. */
const SHOWN_UP = 1.25;

/**
 * What an engine can carry: what its own latencies have shown. Before they show anything, its seats: each request holds
 * one for its generated tokens times the time between two of them (Little's law), so that `seats` of them carry
 * 0.6 · seats / (tokens · time) requests per second.
 */
export function capacityOf(
  memory: DemandMemory,
  request: MeanRequest,
  load: FleetLoad,
  settings: ScalingSettings,
): CapacityView {
  const { promise } = settings;
  const idlePaceMs = memory.pace.lowestMs;
  const tooSlow = idlePaceMs !== undefined && idlePaceMs > promise.interTokenMs;
  const safe = safeLoad(memory.record, !tooSlow);
  const unreachable = whyUnreachable(safe, tooSlow ? idlePaceMs : undefined, promise);
  const limit = knownLimit(safe, memory.limit);
  const capacity =
    limit === undefined
      ? bySeats(safe, memory.pace, request, load, settings)
      : { rate: limit / workOf(request), text: byLatency(safe, limit / workOf(request), promise) };
  return {
    ...(capacity !== undefined && { capacity }),
    ...(unreachable !== undefined && { unreachable }),
    ...(limit !== undefined && { limit }),
  };
}

/** A limit that was met once holds, though its evidence fades, until more was seen to be fine or less to be too much. */
function knownLimit(safe: SafeLoad, before: number | undefined): number | undefined {
  if (safe.kind === 'Limit' || safe.kind === 'Lower') return safe.load;
  if (safe.kind === 'AtLeast' && before !== undefined) return Math.max(before, STEP_UP * safe.load);
  return safe.kind === 'Hopeless' ? undefined : before;
}

function byLatency(safe: SafeLoad, rate: number, promise: LatencyPromise): string {
  const told = `${significant(rate)} such requests/s`;
  if (safe.kind === 'Lower')
    return `an engine missed ${tell(promise)} at every load so far; ${told} are tried`;
  const besides =
    safe.kind === 'Limit' && safe.unavoidable > 0
      ? `, not counting ${percent(safe.unavoidable)} that miss it at any load`
      : '';
  return `an engine keeps ${tell(promise)} for ${percent(1 - MISSES_ALLOWED)} of them up to ${told}${besides}`;
}

function bySeats(
  safe: SafeLoad,
  pace: PaceLine,
  request: MeanRequest,
  load: FleetLoad,
  settings: ScalingSettings,
): Capacity | undefined {
  const seats = seatsOf(pace, load, settings);
  if (seats === undefined) return undefined;
  const { generatedTokens } = request;
  const heldSeconds = (generatedTokens * seats.gapMs) / 1000;
  const rate = (SEATS_PLANNED * seats.count) / heldSeconds;
  const text =
    `each holds a seat for ${heldSeconds.toFixed(1)} s (${generatedTokens.toFixed(0)} tokens, ${seats.gapMs.toFixed(0)} ms each), ` +
    `an engine has ${seats.count.toFixed(0)} (${seats.boundBy}) and is planned with ${percent(SEATS_PLANNED)} of them`;
  if (safe.kind !== 'AtLeast') return { rate, text };
  const seen = safe.load / workOf(request);
  // Seats were too few: the engine has carried more.
  if (STEP_UP * seen > rate)
    return { rate: STEP_UP * seen, text: byLatency(safe, STEP_UP * seen, settings.promise) };
  return { rate, shown: Math.min(rate, SHOWN_UP * seen), text };
}

function whyUnreachable(
  safe: SafeLoad,
  idlePaceMs: number | undefined,
  promise: LatencyPromise,
): string | undefined {
  if (safe.kind === 'Hopeless')
    return `${percent(safe.misses)} of the requests miss ${tell(promise)} however few an engine has`;
  return idlePaceMs === undefined
    ? undefined
    : `an engine with little to do takes ${idlePaceMs.toFixed(0)} ms a token, the target is ${promise.interTokenMs} ms`;
}

function tell({ ttftMs, interTokenMs }: LatencyPromise): string {
  return `its promise (first token in ${ttftMs} ms, ${interTokenMs} ms a token)`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}
