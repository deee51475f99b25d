import { createRandom } from '../../src/simulator/model/random.ts';

/** Seeded draws of the kinds that engine-days are made of. */
export interface Dice {
  /** Uniform between two bounds. */
  readonly between: (low: number, high: number) => number;
  /** Uniform on a logarithmic scale: as often between 1 and 10 as between 10 and 100. */
  readonly scale: (low: number, high: number) => number;
  readonly chance: (probability: number) => boolean;
  /** Standard normal. */
  readonly normal: () => number;
  /** A count with the given mean: Poisson, by the normal distribution above 30. */
  readonly count: (mean: number) => number;
}

export function createDice(seed: number): Dice {
  const random = createRandom(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const few = (mean: number): number => {
    const floor = Math.exp(-mean);
    let count = 0;
    for (let product = random(); product > floor; product *= random()) count += 1;
    return count;
  };
  return {
    between,
    scale: (low, high) => Math.exp(between(Math.log(low), Math.log(high))),
    chance: (probability) => random() < probability,
    normal,
    count: (mean) => (mean > 30 ? Math.max(0, Math.round(mean + Math.sqrt(mean) * normal())) : few(mean)),
  };
}
