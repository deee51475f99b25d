import type { FleetArrival } from '../../../src/simulator/fleet/types.ts';
import { createRandom } from '../../../src/simulator/model/random.ts';

/** Requests per second at a time of the run. */
export type RateAt = (ms: number) => number;

/** Lengths drawn from a log-normal law, in tokens. */
export interface Lengths {
  readonly median: number;
  /** Standard deviation of the logarithm. */
  readonly sigma: number;
  readonly most: number;
}

export interface Shape {
  readonly prompt: Lengths;
  readonly output: Lengths;
}

/** A chat: about 490 tokens in and 230 out in the mean. */
export const CHAT_SHAPE: Shape = {
  prompt: { median: 330, sigma: 0.9, most: 4000 },
  output: { median: 180, sigma: 0.7, most: 2000 },
};

/** A question that is thought over: about 300 tokens in and 2,800 out. */
export const LONG_ANSWERS_SHAPE: Shape = {
  prompt: { median: 220, sigma: 0.8, most: 4000 },
  output: { median: 2000, sigma: 0.8, most: 16_000 },
};

/** Long documents with an answer of a few words: about 3,000 tokens in, 12 out. */
export const PREFILL_SHAPE: Shape = {
  prompt: { median: 2900, sigma: 0.25, most: 4600 },
  output: { median: 12, sigma: 0.3, most: 40 },
};

/** Poisson arrivals of a rate that changes over time, by thinning those of its highest rate. */
export function poisson(
  rateAt: RateAt,
  highest: number,
  durationMs: number,
  shape: Shape,
  random: () => number,
): readonly FleetArrival[] {
  const arrivals: FleetArrival[] = [];
  const gap = (): number => (-Math.log(1 - random()) * 1000) / highest;
  for (let atMs = gap(); atMs < durationMs; atMs += gap()) {
    if (random() * highest >= rateAt(atMs)) continue;
    arrivals.push({
      atMs,
      promptTokens: draw(shape.prompt, random),
      outputTokens: draw(shape.output, random),
    });
  }
  return arrivals;
}

function draw({ median, sigma, most }: Lengths, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(most, Math.max(1, Math.round(median * Math.exp(sigma * normal))));
}

/** A straight line through points of [minute, requests/s]; the last rate holds to the end. */
export function through(points: readonly (readonly [minute: number, rate: number])[]): RateAt {
  return (ms) => {
    const minute = ms / 60_000;
    const next = points.findIndex(([at]) => at > minute);
    const [endAt, end] = points[next] ?? points.at(-1) ?? [0, 0];
    const [startAt, start] = points[next - 1] ?? [endAt, end];
    return endAt === startAt ? end : start + ((end - start) * (minute - startAt)) / (endAt - startAt);
  };
}

export function sine(low: number, high: number, periodMinutes: number): RateAt {
  return (ms) => low + ((high - low) / 2) * (1 - Math.cos((2 * Math.PI * ms) / (periodMinutes * 60_000)));
}

export interface Bursts {
  /** Requests per second between bursts. */
  readonly base: number;
  readonly burst: number;
  /** Range of the quiet time before each burst, in seconds. */
  readonly quietSeconds: readonly [number, number];
  /** Range of the length of a burst, in seconds. */
  readonly burstSeconds: readonly [number, number];
}

/** Bursts at random times; which ones, the generator says. */
export function bursts(
  { base, burst, quietSeconds, burstSeconds }: Bursts,
  durationMs: number,
  random: () => number,
): RateAt {
  const between = ([low, high]: readonly [number, number]): number => 1000 * (low + (high - low) * random());
  const times: [number, number][] = [];
  let endMs = 0;
  while (endMs < durationMs) {
    const startMs = endMs + between(quietSeconds);
    endMs = startMs + between(burstSeconds);
    times.push([startMs, endMs]);
  }
  return (ms) => (times.some(([from, to]) => ms >= from && ms < to) ? burst : base);
}

/** A generator for one use of a seed, apart from its other uses. */
export function randomFor(seed: number, use: number): () => number {
  return createRandom(seed * 7919 + use);
}
