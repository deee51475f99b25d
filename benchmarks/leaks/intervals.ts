/** Both ends of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

const Z_95 = 1.96;

/** Wilson's interval of a share: `hits` of `trials`. */
export function shareInterval(hits: number, trials: number): Interval {
  const share = hits / trials;
  const square = Z_95 ** 2 / trials;
  const centre = (share + square / 2) / (1 + square);
  const half = (Z_95 * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials))) / (1 + square);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

const TAIL = 0.025;

/** Garwood's exact interval of the mean of a Poisson count: 0 events give 0 to 3.69. */
export function countInterval(events: number): Interval {
  const low = events === 0 ? 0 : solve((mean) => 1 - atMost(events - 1, mean) - TAIL, events);
  return [low, solve((mean) => TAIL - atMost(events, mean), events)];
}

/** Probability of at most `events` when `mean` are expected. */
function atMost(events: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let k = 1; k <= events; k++) {
    term *= mean / k;
    sum += term;
  }
  return sum;
}

/** The root of a rising function. */
function solve(rising: (mean: number) => number, events: number): number {
  let low = 0;
  let high = 10 + 3 * events;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return high;
}
