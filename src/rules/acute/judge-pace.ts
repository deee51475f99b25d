import { SERVING } from '../../api/v1alpha1/constants.ts';
import { missingAfterMs } from '../../signals/page-age.ts';
import type { TimedSample } from '../../signals/history.ts';
import type { Window } from '../../signals/window.ts';
import type { EngineSnapshot } from '../../snapshot/engine-snapshot.ts';
import type { Verdict } from '../verdict.ts';
import type { AcuteContext } from './context.ts';
import { verdictOn } from './judgement.ts';
import { moment } from './text.ts';

const MINUTE_MS = 60_000;
const WINDOW_MS = 10 * MINUTE_MS;
/** Of the pages at the ends of the window; older ones are kept half a minute apart. */
const SLACK_MS = MINUTE_MS;
/** First requests are slow. */
const WARM_UP_MS = 10 * MINUTE_MS;
const TIMES_SLOWER = 2;
const LEAST_TOKENS = 1000;
const LEAST_PEERS = 2;
/** A peer with less than this share of the load says nothing of the engine. */
const PEER_LOAD_SHARE = 0.8;
/** With more than so many slow engines it is a kind of node, or the traffic. */
const MOST_SLOW_SHARE = 0.1;

/** How fast an engine generates: seconds between two tokens of a request. */
interface Pace {
  readonly engine: EngineSnapshot;
  /** Over the window, and over either half. */
  readonly seconds: readonly [whole: number, first: number, second: number];
  readonly tokens: number;
  /** The page at its beginning. */
  readonly from: TimedSample;
}

interface Straggler {
  readonly slow: Pace;
  readonly peers: readonly Pace[];
}

/**
 * Signature Straggler (docs/signatures.md): an engine that takes more than twice as long for a token as peers of its
 * revision with no less load, over ten minutes and in either half of them.
 */
export function judgePace(
  engines: readonly EngineSnapshot[],
  context: AcuteContext,
  nowMs: number,
): readonly Verdict[] {
  const paces = engines.flatMap((engine) => paceOf(engine, context, nowMs) ?? []);
  return [...Map.groupBy(paces, ({ engine }) => engine.revision).values()].flatMap((fleet) => {
    const middle = median(fleet.map(({ seconds }) => seconds[0]));
    const suspects = fleet.filter(({ seconds }) => seconds[0] > TIMES_SLOWER * middle);
    if (suspects.length === 0) return [];
    const loads = new Map(fleet.map((pace) => [pace, loadOf(pace)]));
    const slow = suspects.flatMap((pace) => straggling(pace, loads) ?? []);
    const isAlone = slow.length <= Math.max(1, MOST_SLOW_SHARE * fleet.length);
    return slow.map((one) => verdict(one, isAlone));
  });
}

function paceOf(engine: EngineSnapshot, context: AcuteContext, nowMs: number): Pace | undefined {
  const { history, lifecycle, serving, readyAtMs } = engine;
  const pages = history?.samples ?? [];
  const newest = pages.at(-1);
  if (lifecycle !== 'Ready' || serving !== SERVING.true || newest === undefined) return undefined;
  if (readyAtMs === undefined || nowMs - readyAtMs < WINDOW_MS + WARM_UP_MS) return undefined;
  if (nowMs - newest.atMs > missingAfterMs(context.intervalMs)) return undefined;
  const from = pageBefore(pages, newest.atMs - WINDOW_MS);
  const middle = pageBefore(pages, newest.atMs - WINDOW_MS / 2);
  if (from === undefined || middle === undefined) return undefined;
  const halves = [between(from, middle), between(middle, newest)] as const;
  const [first, second] = halves;
  if (first === undefined || second === undefined) return undefined;
  const tokens = first.tokens + second.tokens;
  const whole = (first.seconds + second.seconds) / tokens;
  return {
    engine,
    seconds: [whole, first.seconds / first.tokens, second.seconds / second.tokens],
    tokens,
    from,
  };
}

function pageBefore(pages: Window, atMs: number): TimedSample | undefined {
  const page = pages.findLast((one) => one.atMs <= atMs);
  return page === undefined || atMs - page.atMs > SLACK_MS ? undefined : page;
}

/** Gaps between tokens from one page to the other; `undefined` after a restart, or with too few of them. */
function between(
  { sample: a }: TimedSample,
  { sample: b }: TimedSample,
): { readonly tokens: number; readonly seconds: number } | undefined {
  const [before, after] = [a.histograms.interTokenLatency, b.histograms.interTokenLatency];
  if (before === undefined || after === undefined) return undefined;
  if (a.processStartTimeSeconds !== b.processStartTimeSeconds) return undefined;
  const tokens = after.count - before.count;
  const seconds = after.sum - before.sum;
  return tokens >= LEAST_TOKENS && seconds > 0 ? { tokens, seconds } : undefined;
}

/**
 * An engine is a straggler by the pace of its peers alone: those that ran as many requests, with prompts as long and as
 * full a cache. Long contexts are slow by rights, and prompts that are read hold up those that generate.
 */
function straggling(slow: Pace, loads: ReadonlyMap<Pace, readonly number[]>): Straggler | undefined {
  const own = loads.get(slow) ?? [];
  const peers = [...loads].flatMap(([peer, load]) =>
    peer !== slow && own.every((figure, i) => (load[i] ?? 0) >= PEER_LOAD_SHARE * figure) ? [peer] : [],
  );
  if (peers.length < LEAST_PEERS) return undefined;
  const isSlow = slow.seconds.every(
    (seconds, i) => seconds > TIMES_SLOWER * median(peers.map((peer) => peer.seconds[i] ?? 0)),
  );
  return isSlow ? { slow, peers } : undefined;
}

/** Requests running and use of the KV cache, means over the pages, and prompt tokens read. */
function loadOf({ engine, from }: Pace): readonly number[] {
  const window = (engine.history?.samples ?? []).filter(({ atMs }) => atMs >= from.atMs);
  const mean = (read: (page: TimedSample) => number | undefined): number =>
    window.reduce((sum, page) => sum + (read(page) ?? 0), 0) / window.length;
  return [
    mean(({ sample }) => sample.running),
    mean(({ sample }) => sample.kvCacheUsage),
    (window.at(-1)?.sample.promptTokens ?? 0) - (from.sample.promptTokens ?? 0),
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half) - 1] ?? 0)) / 2;
}

function verdict({ slow, peers }: Straggler, isAlone: boolean): Verdict {
  const { engine, seconds, tokens, from } = slow;
  const sinceMs = from.atMs;
  const theirs = median(peers.map((peer) => peer.seconds[0]));
  const pace = `${ms(seconds[0])} between tokens since ${moment(sinceMs)} (${tokens} of them), where ${peers.length} engines of its revision with no less load take ${ms(theirs)}`;
  const node = `it runs on node ${engine.nodeName ?? '(unknown)'}`;
  const others = 'more engines are as slow: look at their nodes and at what they are sent';
  return verdictOn(engine, {
    signature: 'Straggler',
    state: isAlone ? 'Proved' : 'Noted',
    confidence: isAlone ? 'Medium' : 'Low',
    sinceMs,
    reason: isAlone ? 'SlowerThanItsPeers' : 'SeveralAreSlow',
    message: isAlone ? `${pace}; ${node}` : `${pace}; ${node}; ${others}`,
  });
}

function ms(seconds: number): string {
  return `${Number((seconds * 1000).toPrecision(3))} ms`;
}
