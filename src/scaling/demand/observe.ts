import { figures, sum, timeToReadyMs, type FleetLoad } from '../fleet-load.ts';
import type { ScalingInput } from '../types.ts';
import { forecast, recordRate, type Forecast } from './forecast.ts';
import { forSubject, freshDemand, learnedBy, workOf, type DemandMemory, type MeanRequest } from './memory.ts';
import { recordLoad } from './safe-load.ts';
import { learnPace } from './seats.ts';
import { during, observeTraffic, type Span } from './traffic.ts';

/** Arrivals of a fleet, all per second. */
export interface Arrivals {
  readonly now: number;
  /** The larger of the last half minute's and the last two minutes': what a shrink has to hold against. */
  readonly lately: number;
  readonly expected: Forecast;
  /** Until an engine that is ordered now is ready, seconds. */
  readonly aheadSeconds: number;
}

/** What the pages tell of the demand, and what was learned from them. */
export interface DemandView {
  readonly memory: DemandMemory;
  /** Absent while too little was seen. */
  readonly seen?: { readonly arrivals: Arrivals; readonly request: MeanRequest };
}

const NOW_SECONDS = 30;
const FAST_SECONDS = 10;
/** A jump within ten seconds is believed as far as it exceeds this many standard deviations (Poisson). */
const FAST_DEVIATIONS = 3;
const LONGEST_LATELY_SECONDS = 120;
const PROMPT_SECONDS = 300;
const OUTPUT_SECONDS = 900;
/** Before any start was seen. */
const USUAL_START_SECONDS = 120;
const LONGEST_AHEAD_SECONDS = 600;
/** Requests that end now were served under the load of this long ago, at least and at most. */
const SHORTEST_LIFE_SECONDS = 60;
const LONGEST_LIFE_SECONDS = 600;
/** Some responses take longer than the mean one. */
const LIVES = 1.5;

/** Reads the pages into the memory: what arrives, what it looks like, how fast engines are, what they served in time. */
export function observeDemand(
  before: DemandMemory,
  input: ScalingInput,
  load: FleetLoad,
  nowMs: number,
): DemandView {
  const { settings, revision, engines } = input;
  const { ttftMs, interTokenMs } = settings.promise;
  // Once a clock was set back, nothing that has a time can be told from what is now.
  const isSetBack = before.seenAtMs !== undefined && before.seenAtMs > nowMs;
  const known = isSetBack ? freshDemand(learnedBy(before).learned) : before;
  const last = forSubject(known, `${revision} ${ttftMs} ${interTokenMs}`);
  const elapsedSeconds = (nowMs - (known.seenAtMs ?? nowMs)) / 1000;
  const { traffic, gained } = observeTraffic(last.traffic, load.ready, settings.promise, nowMs);
  const memory = { ...last, traffic, seenAtMs: nowMs };
  const recent = during(traffic, NOW_SECONDS);
  const request = meanRequest(memory, load);
  // An outage of the pages is no lull: it must not stand in the history of the rates.
  if (recent === undefined || request === undefined || load.known.length === 0) return { memory };
  const now = rateNow(recent, during(traffic, FAST_SECONDS));
  const windowSeconds = settings.behavior.scaleDown.stabilizationWindowSeconds;
  const latelySeconds = Math.min(LONGEST_LATELY_SECONDS, Math.max(NOW_SECONDS, windowSeconds));
  const lately = Math.max(now, rateOf(during(traffic, latelySeconds) ?? recent));
  const readyMs = timeToReadyMs(engines) ?? 1000 * USUAL_START_SECONDS;
  const aheadSeconds = Math.min(LONGEST_AHEAD_SECONDS, readyMs / 1000);
  const horizon = { aheadSeconds, windowSeconds };
  const rates = recordRate(last.rates, now, horizon, nowMs);
  const life = lifeSeconds(load, now);
  // Long answers are paced by the load over their whole life: a moment's figure of few arrivals is mostly noise.
  const overLife = during(traffic, Math.min(LONGEST_LATELY_SECONDS, life));
  const rate = life > SHORTEST_LIFE_SECONDS && overLife !== undefined ? rateOf(overLife) : now;
  const loads = recentLoads(last.loads, load, rate, life, request, nowMs);
  const highest = loads.reduce((most, point) => Math.max(most, point.load), 0);
  return {
    memory: {
      ...memory,
      request,
      rates,
      loads,
      pace: learnPace(last.pace, load, recent, elapsedSeconds),
      // What is served late now may be owed to more load a while ago.
      record: recordLoad(last.record, highest, gained, elapsedSeconds),
    },
    seen: {
      arrivals: { now, lately, expected: forecast(rates, now, horizon, nowMs), aheadSeconds },
      request,
    },
  };
}

function rateOf({ flow, seconds }: Span): number {
  return flow.arrivals / seconds;
}

function rateNow(recent: Span, fast: Span | undefined): number {
  const jump = fast === undefined ? 0 : rateOf(fast);
  const certain = fast === undefined ? 0 : jump - FAST_DEVIATIONS * Math.sqrt(jump / fast.seconds);
  return Math.max(rateOf(recent), certain);
}

/**
 * Generated tokens a finished request over a quarter of an hour, new prompt tokens a first token over five minutes.
 * Until as many have ended as run now, most tokens are those of requests that go on: each of the few that ended would
 * seem to have had many times its own.
 */
function meanRequest({ traffic, request }: DemandMemory, { known }: FleetLoad): MeanRequest | undefined {
  const long = during(traffic, OUTPUT_SECONDS)?.flow;
  const short = during(traffic, PROMPT_SECONDS)?.flow;
  const promptTokens =
    short === undefined || short.firstTokens < 1
      ? request?.promptTokens
      : (short.promptTokens - short.cachedTokens) / short.firstTokens;
  const fewest = Math.max(1, sum(figures(known, 'running')));
  const generatedTokens =
    long === undefined || long.finished < fewest
      ? request?.generatedTokens
      : long.generatedTokens / long.finished;
  if (promptTokens === undefined || generatedTokens === undefined) return undefined;
  return { promptTokens: Math.max(1, promptTokens), generatedTokens: Math.max(1, generatedTokens) };
}

/** How long ago requests that end now may have come (Little: inside / arrivals, and some stay longer). */
function lifeSeconds({ known }: FleetLoad, rate: number): number {
  const inside = sum(figures(known, 'running')) + sum(figures(known, 'waiting'));
  return (LIVES * inside) / Math.max(0.1, rate);
}

/** Adds the load of now; keeps those under which the requests that end now may have come. */
function recentLoads(
  loads: DemandMemory['loads'],
  load: FleetLoad,
  rate: number,
  life: number,
  request: MeanRequest,
  nowMs: number,
): DemandMemory['loads'] {
  const keptMs = 1000 * Math.min(LONGEST_LIFE_SECONDS, Math.max(SHORTEST_LIFE_SECONDS, life));
  const now = { atMs: nowMs, load: (rate * workOf(request)) / load.known.length };
  return [...loads.filter(({ atMs }) => nowMs - atMs < keptMs), now];
}
