import type { FleetLoad } from '../fleet-load.ts';
import type { LatencyPromise, ScalingSettings } from '../types.ts';
import { workOf, type DemandMemory, type MeanRequest } from './memory.ts';
import { MISSES_ALLOWED, OVERLOADED, safeLoad, type SafeLoad } from './safe-load.ts';
import { idlePaceMs, seatsOf, type PaceLine } from './seats.ts';

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
  /** A load that is tried because all that were seen were too much, for the memory. */
  readonly tried?: number;
}

/** The part of its seats that an engine is planned with while nobody has seen it keep its promise with more. */
const SEATS_PLANNED = 0.6;
/** A load that was always fine is exceeded in steps of this. */
const STEP_UP = 1.1;
/** Loads are recorded in steps of 25 %. */
const SEEN_WITHIN = 1.15;
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
  const idleMs = idlePaceMs(memory.pace);
  const tooSlow = idleMs !== undefined && idleMs > promise.interTokenMs;
  const safe = patient(safeLoad(memory.record, !tooSlow), memory.tried);
  const promised = tell(promise, !tooSlow);
  const unreachable = tooSlow
    ? `an engine with little to do takes ${idleMs.toFixed(0)} ms a token, the target is ${promise.interTokenMs} ms`
    : hopeless(safe, promised);
  const limit = knownLimit(safe, memory.limit);
  const capacity =
    limit === undefined
      ? unproven(safe, memory, request, load, settings, promised)
      : proven(safe, limit, request, promised);
  return {
    ...(capacity !== undefined && { capacity }),
    ...(unreachable !== undefined && { unreachable }),
    ...(limit !== undefined && { limit }),
    ...(safe.kind === 'Lower' && { tried: safe.load }),
  };
}

/** No less is tried until the load of the last trial was seen: what is served late now is owed to the loads before it. */
function patient(safe: SafeLoad, tried: number | undefined): SafeLoad {
  if (safe.kind !== 'Lower' || tried === undefined || safe.seen < SEEN_WITHIN * tried) return safe;
  return { ...safe, load: Math.max(safe.load, tried) };
}

/** A limit that was met once holds, though its evidence fades, until more was seen to be fine or less to be too much. */
function knownLimit(safe: SafeLoad, before: number | undefined): number | undefined {
  switch (safe.kind) {
    case 'Limit':
      return safe.load;
    case 'AtLeast':
      return before === undefined ? undefined : Math.max(before, STEP_UP * safe.load);
    case 'Unknown':
      return before;
    case 'Lower':
    case 'Hopeless':
      return undefined;
  }
}

function proven(safe: SafeLoad, limit: number, request: MeanRequest, promised: string): Capacity {
  const rate = limit / workOf(request);
  const besides =
    safe.kind === 'Limit' && safe.unavoidable > 0
      ? `, not counting ${percent(safe.unavoidable)} that miss it at any load`
      : '';
  const share = percent(1 - MISSES_ALLOWED);
  return {
    rate,
    text: `an engine keeps ${promised} for ${share} of them up to ${significant(rate)}/s${besides}`,
  };
}

/** By seats, and by the little that was seen so far. */
function unproven(
  safe: SafeLoad,
  { pace, tried }: DemandMemory,
  request: MeanRequest,
  load: FleetLoad,
  settings: ScalingSettings,
  promised: string,
): Capacity | undefined {
  const planned = bySeats(pace, request, load, settings);
  if (safe.kind !== 'AtLeast' && safe.kind !== 'Lower') return planned;
  const seen = safe.load / workOf(request);
  if (safe.kind === 'Lower') {
    const isOverload = safe.load !== tried && safe.misses > OVERLOADED;
    if (isOverload && planned !== undefined && planned.rate < seen) return planned;
    const text = `an engine missed ${promised} at every load so far; ${significant(seen)}/s are tried`;
    // No load was seen to be fine: nothing is removed on the word of a trial.
    return { rate: seen, shown: Math.min(seen, planned?.rate ?? seen), text };
  }
  if (planned !== undefined && planned.rate > STEP_UP * seen)
    return { ...planned, shown: Math.min(planned.rate, SHOWN_UP * seen) };
  return proven(safe, STEP_UP * safe.load, request, promised);
}

function bySeats(
  pace: PaceLine,
  { generatedTokens }: MeanRequest,
  load: FleetLoad,
  settings: ScalingSettings,
): Capacity | undefined {
  const seats = seatsOf(pace, load, settings);
  if (seats === undefined) return undefined;
  const heldSeconds = (generatedTokens * seats.gapMs) / 1000;
  const unset = settings.maxNumSeqs === undefined ? '; maxNumSeqs is not set' : '';
  return {
    rate: (SEATS_PLANNED * seats.count) / heldSeconds,
    text:
      `each holds a seat for ${heldSeconds.toFixed(1)} s (${generatedTokens.toFixed(0)} tokens, ${seats.gapMs.toFixed(0)} ms each), ` +
      `an engine has ${seats.count.toFixed(0)} (${seats.boundBy}${unset}) and is planned with ${percent(SEATS_PLANNED)} of them`,
  };
}

function hopeless(safe: SafeLoad, promised: string): string | undefined {
  return safe.kind === 'Hopeless'
    ? `${percent(safe.misses)} of the requests miss ${promised} however few an engine has`
    : undefined;
}

/** @param paceCounts whether the promised time between tokens can be kept at all */
function tell({ ttftMs, interTokenMs }: LatencyPromise, paceCounts: boolean): string {
  return `its promise (first token in ${ttftMs} ms${paceCounts ? `, ${interTokenMs} ms a token` : ''})`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

/** Three digits tell enough of a rate. */
export function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}
