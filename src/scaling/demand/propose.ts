import { abstain } from '../abstain.ts';
import type { FleetLoad } from '../fleet-load.ts';
import type { Proposal, ScalingInput } from '../types.ts';
import { capacityOf, significant, type Capacity } from './capacity.ts';
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
/** The part of its seats' rate to which an engine is loaded on their word alone, to try. */
const TRIED_BY_SEATS = 0.5;
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
  const { memory: observed, seen } = observeDemand(before, input, load, nowMs);
  if (seen === undefined) {
    const proposal =
      load.known.length === 0
        ? abstain(SIGNAL, 'NoData', 'no ready engine tells what arrives')
        : abstain(
            SIGNAL,
            'NothingLearned',
            'no page has counted a served request since this operator began to watch',
          );
    return { memory: observed, proposal };
  }
  const { arrivals, request } = seen;
  const { capacity, unreachable, limit, tried } = capacityOf(observed, request, load, input.settings);
  const { tried: _before, ...rest } = observed;
  const memory = { ...rest, ...(limit !== undefined && { limit }), ...(tried !== undefined && { tried }) };
  const warning = unreachable === undefined ? {} : { unreachable };
  if (capacity === undefined) {
    return {
      memory,
      ...warning,
      proposal: abstain(SIGNAL, 'CapacityUnknown', 'nothing tells yet what an engine can carry'),
    };
  }
  const { current } = input;
  const toGrow = enginesFor(arrivals.expected.rate, capacity.rate);
  const held = Math.max(arrivals.expected.rate, arrivals.lately) / SHRINK_BELOW;
  const toShrink = Math.max(
    1,
    Math.ceil(held / capacity.rate),
    leastByExperience(current, load, held, arrivals.now, capacity),
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
      reason: reasonFor(size, current, toGrow, load),
      message: tell(arrivals, request, capacity, { toGrow, size, current, load }),
    },
  };
}

function reasonFor(size: number, current: number, needed: number, { ready, starting }: FleetLoad): string {
  if (size > current) return 'DemandOverCapacity';
  if (size < current) return 'DemandUnderCapacity';
  const comes = needed > ready.length && needed <= ready.length + starting.length;
  return comes ? 'CapacityStarting' : 'DemandMet';
}

function enginesFor(rate: number, ofOne: number): number {
  return Math.max(1, Math.ceil(rate / ofOne - LEAST_PART));
}

/**
 * The size that a shrink may go to while nobody has seen what an engine can carry: what carries the arrivals as engines
 * have done; one engine less than now to try, once they were seen to carry what they have now.
 */
function leastByExperience(
  current: number,
  { known }: FleetLoad,
  held: number,
  now: number,
  { shown, rate }: Capacity,
): number {
  if (shown === undefined) return 1;
  const isTried =
    now / Math.max(1, known.length) <= shown && now / Math.max(1, current - 1) <= TRIED_BY_SEATS * rate;
  return Math.min(Math.ceil(held / shown), isTried ? current - 1 : current);
}

/** The sizes that a message tells of. */
interface Reckoning {
  /** What the expected arrivals need. */
  readonly toGrow: number;
  readonly size: number;
  readonly current: number;
  readonly load: FleetLoad;
}

function tell(
  { now, expected, aheadSeconds }: Arrivals,
  { promptTokens, generatedTokens }: MeanRequest,
  { rate, text }: Capacity,
  { toGrow, size, current, load }: Reckoning,
): string {
  const soon = expected.rate.toFixed(1);
  const extra = toGrow - enginesFor(now, rate);
  const ahead = {
    Now: '',
    Trend: `, ${soon} if they go on growing for the ${aheadSeconds.toFixed(0)} s that a new engine takes`,
    Rises: `, ${soon} if they rise again as they did before${extra > 0 ? `, which holds ${extra} more ready` : ''}`,
  }[expected.because];
  const starting = Math.min(load.starting.length, toGrow - load.ready.length);
  const coming = starting > 0 ? `, of which ${starting} ${starting === 1 ? 'is' : 'are'} starting` : '';
  const little = Math.ceil(expected.rate / rate) > toGrow ? ' and less than a tenth of another' : '';
  const margin =
    size === current
      ? `, keep ${size} until it is clear that fewer do`
      : `, and ${size - toGrow} for a margin`;
  const kept = size === toGrow ? '' : margin;
  return (
    `${now.toFixed(1)} requests/s of ${promptTokens.toFixed(0)} new prompt and ${generatedTokens.toFixed(0)} generated tokens arrive${ahead}; ` +
    `${text}; ${soon} / ${significant(rate)} make ${toGrow}${little}${coming}${kept}`
  );
}
