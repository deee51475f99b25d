/** Both ends of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

const TAIL = 0.025;
const STEPS = 60;

/** Clopper and Pearson's exact interval of a share: `hits` of `trials`. */
export function shareInterval(hits: number, trials: number): Interval {
  const low = hits === 0 ? 0 : root((share) => 1 - atMostOf(hits - 1, trials, share) - TAIL, 1);
  return [low, hits === trials ? 1 : root((share) => TAIL - atMostOf(hits, trials, share), 1)];
}

/** Garwood's exact interval of the mean of a Poisson count: 0 events give 0 to 3.69. */
export function countInterval(events: number): Interval {
  const most = 10 + 3 * events;
  const low = events === 0 ? 0 : root((mean) => 1 - atMost(events - 1, mean) - TAIL, most);
  return [low, root((mean) => TAIL - atMost(events, mean), most)];
}

/** Probability of at most `events` when `mean` are expected. Terms by their logarithms: e^−mean alone may be too small. */
function atMost(events: number, mean: number): number {
  let logarithm = -mean;
  let sum = Math.exp(logarithm);
  for (let k = 1; k <= events; k++) {
    logarithm += Math.log(mean / k);
    sum += Math.exp(logarithm);
  }
  return sum;
}

/** Probability of at most `hits` of `trials` with a chance of `share` each. */
function atMostOf(hits: number, trials: number, share: number): number {
  let logarithm = trials * Math.log1p(-share);
  let sum = Math.exp(logarithm);
  for (let k = 1; k <= hits; k++) {
    logarithm += Math.log(((trials - k + 1) / k) * (share / (1 - share)));
    sum += Math.exp(logarithm);
  }
  return sum;
}

/** The root of a rising function between 0 and `most`. */
function root(rising: (at: number) => number, most: number): number {
  let low = 0;
  let high = most;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return high;
}
