import { combine, NO_FLOW, type Flow } from './flow.ts';

/**
 * What was served at which load: loads in steps of 25 %, and of each how many requests and how many of them too late.
 * What is older counts less. The load is any measure of the work that an engine gets per second.
 */
export type LoadRecord = ReadonlyMap<number, Flow>;

/** The share of requests that may miss the promise. */
export const MISSES_ALLOWED = 0.02;
const STEP = Math.log(1.25);
const HALF_LIFE_SECONDS = 1800;
/** Records that have faded to this are forgotten. */
const LEAST_KEPT = 1;
/** A share over fewer requests says nothing. */
const LEAST_REQUESTS = 300;

/** Adds what was served while engines had `load`; everything before fades. */
export function recordLoad(
  record: LoadRecord,
  load: number,
  served: Flow,
  elapsedSeconds: number,
): LoadRecord {
  const kept = 0.5 ** (elapsedSeconds / HALF_LIFE_SECONDS);
  const faded = [...record].map(
    ([step, before]) => [step, combine(before, before, (old) => old * kept)] as const,
  );
  const next = new Map(faded.filter(([, { firstTokens }]) => firstTokens >= LEAST_KEPT));
  if (load > 0) {
    const step = Math.round(Math.log(load) / STEP);
    next.set(step, add(next.get(step) ?? NO_FLOW, served));
  }
  return next;
}

/** What the record says of the load that an engine can carry. */
export type SafeLoad =
  /** Too little was served. */
  | { readonly kind: 'Unknown' }
  /** The promise was kept at every load so far; `load` is the highest. */
  | { readonly kind: 'AtLeast'; readonly load: number }
  /** It was kept up to `load`. `unavoidable`: the share that misses it at any load. */
  | { readonly kind: 'Limit'; readonly load: number; readonly unavoidable: number }
  /** It was broken at every load so far, of which `seen` is the lowest; `load` is one to try. */
  | { readonly kind: 'Lower'; readonly load: number; readonly seen: number; readonly misses: number }
  /** It is broken by the share `misses` at any load, and less load was seen not to help. */
  | { readonly kind: 'Hopeless'; readonly load: number; readonly misses: number };

/** How far beyond a load that was fine engines are loaded, on the way to one that was not. */
const TRIED_BETWEEN = 0.3;

/** A miss share from which a promise that no load keeps is hopeless: more engines are no remedy. */
const HOPELESS = 0.5;
/** A miss share of engines that have too much to do; below it, they are near what they can carry. */
export const OVERLOADED = 0.1;
/** A load below all that was seen is tried in steps of no more than this. */
const SMALLEST_STEP_DOWN = 0.9;
const LARGEST_STEP_DOWN = 0.5;

/**
 * The load that an engine can carry while at most 2 % of its requests miss the promise, or 2 % and a third more than
 * do at any load (prompts that take longer than promised on an idle engine). That much is unavoidable is believed only
 * once loads were seen that are far enough apart: the more misses, the farther, and farther yet while requests queue.
 *
 * @param slowCounts whether the time between tokens is part of the promise that can be kept at all
 */
export function safeLoad(record: LoadRecord, slowCounts: boolean): SafeLoad {
  const blocks = groupBySize(record);
  const [lowest, highest] = [blocks[0], blocks.at(-1)];
  if (lowest === undefined || highest === undefined) return { kind: 'Unknown' };
  const missed = (block: Block): number => missShare(block.served, slowCounts);
  const rising = poolViolators(blocks, missed);
  const first = rising[0] ?? lowest;
  const least = missed(first);
  const queued = first.served.longQueued / Math.max(1, first.served.dequeued);
  const spread = 1 + 4 * Math.min(least, 0.25 + queued);
  const explored = highest.load >= lowest.load * spread;
  if (least - uncertainty(least, first) > MISSES_ALLOWED && !explored) {
    const step = Math.max(LARGEST_STEP_DOWN, Math.min(SMALLEST_STEP_DOWN, MISSES_ALLOWED / least));
    const load = step * (least > OVERLOADED ? lowest : first).load;
    return { kind: 'Lower', load, seen: lowest.load, misses: least };
  }
  const unavoidable = least > MISSES_ALLOWED && explored ? least : 0;
  const allowed = unavoidable + Math.max(MISSES_ALLOWED, unavoidable * 0.3);
  const broken = rising.findIndex((block) => missed(block) - uncertainty(missed(block), block) > allowed);
  const kept = rising.slice(0, broken === -1 ? rising.length : broken).at(-1);
  const above = broken === -1 ? undefined : rising[broken];
  if (unavoidable >= HOPELESS) return { kind: 'Hopeless', load: highest.load, misses: least };
  if (kept === undefined) return { kind: 'Lower', load: lowest.load, seen: lowest.load, misses: least };
  if (above === undefined) {
    return unavoidable > 0
      ? { kind: 'Limit', load: kept.highest, unavoidable }
      : { kind: 'AtLeast', load: kept.load };
  }
  const top = blocks.filter(({ load }) => load <= kept.highest).at(-1) ?? kept;
  return { kind: 'Limit', load: between(top, above, missed(kept), missed(above), allowed), unavoidable };
}

/** Neighbouring loads, taken together. */
interface Block {
  /** Mean over its requests. */
  readonly load: number;
  readonly highest: number;
  readonly served: Flow;
}

/** Joins neighbours until each block has served enough; what is left over at the top joins the last. */
function groupBySize(record: LoadRecord): readonly Block[] {
  const blocks: Block[] = [];
  for (const [step, served] of [...record].toSorted(([a], [b]) => a - b)) {
    const load = Math.exp(step * STEP);
    const last = blocks.at(-1);
    const next = { load, highest: load, served };
    if (last === undefined || last.served.firstTokens >= LEAST_REQUESTS) blocks.push(next);
    else blocks[blocks.length - 1] = join(last, next);
  }
  const last = blocks.at(-1);
  const before = blocks.at(-2);
  if (last === undefined || last.served.firstTokens >= LEAST_REQUESTS) return blocks;
  return before === undefined ? [] : [...blocks.slice(0, -2), join(before, last)];
}

/** More load means no fewer misses: blocks that say otherwise are taken together (pool adjacent violators). */
function poolViolators(blocks: readonly Block[], missed: (block: Block) => number): readonly Block[] {
  const rising: Block[] = [];
  for (const block of blocks) {
    let next = block;
    for (let last = rising.at(-1); last !== undefined && missed(last) > missed(next); last = rising.at(-1)) {
      next = join(last, next);
      rising.pop();
    }
    rising.push(next);
  }
  return rising;
}

/**
 * The load between the highest that was fine and the lowest that was not: where the line between their misses reaches
 * what is allowed, at least the part `TRIED_BETWEEN` of the way (of their logarithms), or nobody would ever learn more.
 */
function between(top: Block, above: Block, kept: number, broken: number, allowed: number): number {
  const part = broken > kept ? Math.min(1, Math.max(0, (allowed - kept) / (broken - kept))) : 1;
  const onLine = top.load + part * (above.load - top.load);
  return Math.max(onLine, top.load * (above.load / top.load) ** TRIED_BETWEEN);
}

function missShare(served: Flow, slowCounts: boolean): number {
  const late = served.lateFirstTokens / Math.max(1, served.firstTokens);
  const slow = slowCounts ? served.slow / Math.max(1, served.paced) : 0;
  return 1 - (1 - late) * (1 - slow);
}

/** One standard error of a share. */
function uncertainty(share: number, { served }: Block): number {
  return Math.sqrt((share * (1 - share)) / served.firstTokens);
}

function join(a: Block, b: Block): Block {
  const [first, second] = [a.served.firstTokens, b.served.firstTokens];
  return {
    load: (a.load * first + b.load * second) / (first + second),
    highest: Math.max(a.highest, b.highest),
    served: add(a.served, b.served),
  };
}

function add(a: Flow, b: Flow): Flow {
  return combine(a, b, (one, other) => one + other);
}
