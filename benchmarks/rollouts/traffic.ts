import { geometric } from '../../src/simulator/model/random.ts';

/** How much comes when: the rate over the run, as a multiple of `perSecond`. */
export type Shape = 'Steady' | 'Rising' | 'Falling' | 'Bursts';

export interface Traffic {
  /** Requests a second, in the mean over time. */
  readonly perSecond: number;
  readonly shape: Shape;
  /** `Rising` and `Falling` take so long. */
  readonly lengthMs: number;
  readonly meanPromptTokens: number;
  readonly meanOutputTokens: number;
}

export interface Arrival {
  readonly atMs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** A burst of half a minute every three minutes. */
const BURST_EVERY_MS = 180_000;
const BURST_MS = 30_000;
const LARGEST_PROMPT = 8000;

/** Requests of a Poisson process whose rate has the shape, one a call. Prompts have a long tail, as in chats. */
export function createTraffic(traffic: Traffic, random: () => number): () => Arrival {
  const { perSecond, meanPromptTokens, meanOutputTokens } = traffic;
  let atMs = 0;
  const most = perSecond * highest(traffic.shape);
  return () => {
    do atMs += (-1000 * Math.log(1 - random())) / most;
    while (random() * highest(traffic.shape) > multiple(traffic, atMs));
    // A product of two exponential variables: a longer tail than that of one.
    const promptTokens = 1 + Math.round(meanPromptTokens * Math.log(1 - random()) * Math.log(1 - random()));
    return {
      atMs,
      promptTokens: Math.min(LARGEST_PROMPT, promptTokens),
      outputTokens: geometric(meanOutputTokens, random),
    };
  };
}

function highest(shape: Shape): number {
  return shape === 'Steady' ? 1 : shape === 'Bursts' ? 2.5 : 1.5;
}

/** The rate at a time as a multiple of the mean rate. */
function multiple({ shape, lengthMs }: Traffic, atMs: number): number {
  if (shape === 'Steady') return 1;
  if (shape === 'Bursts') return atMs % BURST_EVERY_MS < BURST_MS ? 2.5 : 0.7;
  const part = Math.min(1, atMs / lengthMs);
  return shape === 'Rising' ? 0.5 + part : 1.5 - part;
}
