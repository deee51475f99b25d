import type { FleetLoad } from '../fleet-load.ts';
import type { Proposal, ScalingInput } from '../types.ts';
import { capacityOf, type Capacity } from './capacity.ts';
import type { DemandMemory, MeanRequest } from './memory.ts';
import { observeDemand, type Arrivals } from './observe.ts';

/** What demand says, and what is remembered of it. */
export interface DemandOutcome {
  readonly proposal: Proposal;
  readonly memory: DemandMemory;
  /** Arrivals per second that change the size; absent while it abstains. */
  readonly turns?: { readonly growsAbove: number; readonly shrinksBelow: number };
  /** Why no number of engines keeps the latency targets. */
  readonly unreachable?: string;
}

const SIGNAL = 'Demand';
/** An engine more for less than this part of one is not worth its start. */
const LEAST_PART = 0.1;
/** A smaller fleet must carry the arrivals with this much of its capacity. */
const SHRINK_BELOW = 0.85;

/**
 * Sizes the fleet for what arrives: engines = arrivals / what an engine can carry. Up for the rate that is expected
 * when an engine ordered now is ready; down only to what carries the larger of that and the last two minutes with 85 %
 * of its capacity; hold between. A backlog is not demand: it is what a lack of capacity left behind.
 */
export function proposeByDemand(
  before: DemandMemory,
  input: ScalingInput,
  load: FleetLoad,
  nowMs: number,
): DemandOutcome {
  const { memory, seen } = observeDemand(before, input, load, nowMs);
  if (seen === undefined) {
    return {
      memory,
      proposal: abstain('NothingLearned', 'no request has been served since this operator began to watch'),
    };
  }
  const { arrivals, request } = seen;
  const { capacity, unreachable } = capacityOf(memory, request, load, input.settings);
  const warning = unreachable === undefined ? {} : { unreachable };
  if (capacity === undefined) {
    return {
      memory,
      ...warning,
      proposal: abstain('CapacityUnknown', 'nothing tells yet what an engine can carry'),
    };
  }
  const { current } = input;
  const toGrow = Math.max(1, Math.ceil(arrivals.expected.rate / capacity.rate - LEAST_PART));
  const toShrink = Math.max(
    1,
    Math.ceil(Math.max(arrivals.expected.rate, arrivals.lately) / (SHRINK_BELOW * capacity.rate)),
  );
  const size = toGrow > current ? toGrow : Math.min(current, toShrink);
  return {
    memory,
    ...warning,
    turns: {
      growsAbove: (current + LEAST_PART) * capacity.rate,
      shrinksBelow: (current - 1) * SHRINK_BELOW * capacity.rate,
    },
    proposal: {
      signal: SIGNAL,
      kind: 'Size',
      size,
      reason: size > current ? 'DemandOverCapacity' : size < current ? 'DemandUnderCapacity' : 'DemandMet',
      message: tell(arrivals, request, capacity, toGrow, size),
    },
  };
}

function tell(
  { now, expected, aheadSeconds }: Arrivals,
  { promptTokens, generatedTokens }: MeanRequest,
  { rate, text }: Capacity,
  toGrow: number,
  size: number,
): string {
  const extra = Math.max(0, toGrow - Math.max(1, Math.ceil(now / rate - LEAST_PART)));
  const ahead = {
    Now: '',
    Trend: `, ${expected.rate.toFixed(1)} if they go on growing until a new engine is ready in ${aheadSeconds.toFixed(0)} s`,
    Recurring: `, ${expected.rate.toFixed(1)} if they rise as they often did in the last hour (${extra} held ready for that)`,
  }[expected.because];
  const kept = size === toGrow ? '' : `, keep ${size} until it is clear that fewer do`;
  return (
    `${now.toFixed(1)} requests/s arrive${ahead}, of ${promptTokens.toFixed(0)} new prompt and ${generatedTokens.toFixed(0)} generated tokens; ` +
    `${text}: ${toGrow}${kept}`
  );
}

function abstain(reason: string, message: string): Proposal {
  return { signal: SIGNAL, kind: 'Abstain', reason, message };
}
