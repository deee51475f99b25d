import type { FleetLoad } from '../fleet-load.ts';
import type { LatencyPromise, ScalingSettings } from '../types.ts';
import type { DemandMemory, MeanRequest } from './memory.ts';
import { workOf } from './observe.ts';
import { MISSES_ALLOWED, safeLoad } from './safe-load.ts';
import { seatsOf } from './seats.ts';

/** What one engine can carry. */
export interface Capacity {
  /** Requests per second, of those that come now. */
  readonly rate: number;
  /** How that is known, for the decision's text. */
  readonly text: string;
}

export interface CapacityView {
  /** Absent while nothing tells. */
  readonly capacity?: Capacity;
  /** Why no number of engines keeps the promise. */
  readonly unreachable?: string;
}

/** The part of its seats that an engine is planned with while nobody has seen it keep its promise with more. */
const SEATS_PLANNED = 0.75;
/** A load that was always fine is exceeded in steps of this. */
const STEP_UP = 1.1;

/**
 * What an engine can carry: what its own latencies have shown. Before they show anything, its seats: each request holds
 * one for its generated tokens times the time between two of them (Little's law), so that `seats` of them carry
 * 0.75 · seats / (tokens · time) requests per second.
 */
export function capacityOf(
  memory: DemandMemory,
  request: MeanRequest,
  load: FleetLoad,
  settings: ScalingSettings,
): CapacityView {
  const { promise } = settings;
  const slowest = memory.pace.lowestMs;
  const paceUnreachable = slowest !== undefined && slowest > promise.interTokenMs;
  const safe = safeLoad(memory.record, !paceUnreachable);
  const planned = bySeats(memory, request, load, settings);
  const work = workOf(request);
  const share = percent(1 - MISSES_ALLOWED);
  if (safe.kind === 'Hopeless') {
    return {
      ...(planned !== undefined && { capacity: planned }),
      unreachable: `${percent(safe.misses)} of the requests miss ${tell(promise)} however few an engine has: more engines are no remedy`,
    };
  }
  const unreachable = paceUnreachable
    ? {
        unreachable: `even an idle engine takes ${slowest.toFixed(0)} ms a token, the target is ${promise.interTokenMs} ms`,
      }
    : {};
  if (
    safe.kind === 'Unknown' ||
    (safe.kind === 'AtLeast' && planned !== undefined && planned.rate * work >= STEP_UP * safe.load)
  ) {
    return { ...unreachable, ...(planned !== undefined && { capacity: planned }) };
  }
  const rate = (safe.kind === 'AtLeast' ? STEP_UP : 1) * (safe.load / work);
  const told = `${rate.toFixed(2)} such requests/s`;
  const kept = `kept ${tell(promise)} for ${share} of the requests`;
  const text = {
    AtLeast: `an engine ${kept} at every load so far; up to ${told} are tried`,
    Limit: `an engine ${kept} up to ${told}`,
    Lower: `an engine missed ${tell(promise)} at every load so far; ${told} are tried`,
  }[safe.kind];
  const hopeless =
    safe.kind === 'Limit' && safe.unavoidable > 0
      ? ` (not counting ${percent(safe.unavoidable)} that miss it at any load)`
      : '';
  return { ...unreachable, capacity: { rate, text: `${text}${hopeless}` } };
}

function bySeats(
  { pace }: DemandMemory,
  { generatedTokens }: MeanRequest,
  load: FleetLoad,
  settings: ScalingSettings,
): Capacity | undefined {
  const seats = seatsOf(pace, load, settings);
  if (seats === undefined) return undefined;
  const heldSeconds = (generatedTokens * seats.gapMs) / 1000;
  const planned = SEATS_PLANNED * seats.count;
  return {
    rate: planned / heldSeconds,
    text:
      `each holds a seat for ${heldSeconds.toFixed(1)} s (${generatedTokens.toFixed(0)} tokens, ${seats.gapMs.toFixed(0)} ms each), ` +
      `an engine has ${seats.count.toFixed(0)} (${seats.boundBy}) and is planned with ${percent(SEATS_PLANNED)} of them`,
  };
}

function tell({ ttftMs, interTokenMs }: LatencyPromise): string {
  return `its promise (first token in ${ttftMs} ms, ${interTokenMs} ms a token)`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
