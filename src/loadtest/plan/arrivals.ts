import type { Schedule, ScheduledRequest } from './schedule.ts';

/** A stretch of the run at one mean rate; 0 is a pause. */
export interface Stage {
  readonly requestsPerSecond: number;
  readonly durationMs: number;
}

/**
 * How requests of one rate are spread in time. `Gamma` draws the gaps from a gamma law of this shape: 1 is Poisson,
 * below 1 is bursty (coefficient of variation 1/√shape), large values approach `Constant`.
 */
export type Arrivals =
  | { readonly kind: 'Constant' }
  | { readonly kind: 'Gamma'; readonly shape: number; readonly random: () => number };

export interface RequestSize {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/**
 * A schedule of stages one after the other, each at its own rate.
 *
 * Gaps are drawn in operational time (mean 1) and mapped through the inverse of the cumulative rate, so that a change
 * of rate takes effect at once instead of after the gap that spans it. Nothing is rescaled to hit a fixed count: the
 * number of requests of a Poisson schedule varies as that of a Poisson process does.
 *
 * Throws a RangeError that names the stage or the shape that is no usable number.
 */
export function scheduleStages(stages: readonly Stage[], arrivals: Arrivals, size: RequestSize): Schedule {
  checkStages(stages);
  const nextGap = gapsOf(arrivals);
  const requests: ScheduledRequest[] = [];
  let dueAt = arrivals.kind === 'Constant' ? 0 : nextGap();
  let startMs = 0;
  let passed = 0;
  for (const { requestsPerSecond, durationMs } of stages) {
    const perMs = requestsPerSecond / 1000;
    const end = passed + perMs * durationMs;
    for (; dueAt < end; dueAt += nextGap()) {
      requests.push({ id: requests.length, atMs: startMs + (dueAt - passed) / perMs, ...size });
    }
    passed = end;
    startMs += durationMs;
  }
  return { requests, durationMs: startMs };
}

function checkStages(stages: readonly Stage[]): void {
  for (const [index, { requestsPerSecond, durationMs }] of stages.entries()) {
    if (!(requestsPerSecond >= 0 && Number.isFinite(requestsPerSecond))) {
      throw new RangeError(`stage ${index} has a rate of ${requestsPerSecond} requests/s; give 0 or more`);
    }
    if (!(durationMs > 0 && Number.isFinite(durationMs))) {
      throw new RangeError(`stage ${index} lasts ${durationMs} ms; give more than 0`);
    }
  }
}

function gapsOf(arrivals: Arrivals): () => number {
  if (arrivals.kind === 'Constant') return () => 1;
  const { shape, random } = arrivals;
  if (!(shape > 0 && Number.isFinite(shape))) {
    throw new RangeError(`the gamma shape is ${shape}; give more than 0, 1 for Poisson arrivals`);
  }
  return () => drawGamma(shape, random) / shape;
}

/**
 * A draw from the gamma law of this shape and scale 1 (mean = shape), by Marsaglia and Tsang, "A simple method for
 * generating gamma variables", ACM TOMS 26(3), 2000, with their boost for shapes below 1.
 */
function drawGamma(shape: number, random: () => number): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = drawNormal(random);
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(1 - random()) < normal ** 2 / 2 + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** A standard normal draw by Box and Muller (1958); `1 - random()` keeps the logarithm finite. */
function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
