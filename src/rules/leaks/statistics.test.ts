import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidenceAgainstPlateau } from './curve.ts';
import { slopeNetOfLoad } from './net-of-load.ts';
import { median, robustLine } from './statistics.ts';

const XS = Array.from({ length: 30 }, (_, i) => i);
/** The same small noise in every run. */
const noise = (i: number): number => Math.sin(i * 12.9898);

test('the median of an even count is between the two middle values, that of nothing is unknown', () => {
  expect([median([4, 1, 3, 2]), median([5, 1, 9]), median([])]).toEqual([2.5, 5, undefined]);
});

describe('the robust line', () => {
  test('is not moved by a quarter of outliers', () => {
    const ys = XS.map((x) => (x % 4 === 0 ? 1000 : 3 * x + noise(x)));
    expect(robustLine(XS, ys)?.slope).toBeCloseTo(3, 0);
  });

  test('has the slope of a line within its interval, and is sure of its trend', () => {
    const line = robustLine(
      XS,
      XS.map((x) => 3 * x + noise(x)),
    );
    expect(line?.low).toBeLessThanOrEqual(3);
    expect(line?.high).toBeGreaterThanOrEqual(3);
    expect(line?.significance).toBeGreaterThan(2.5);
  });

  test('finds no trend in noise', () => {
    expect(Math.abs(robustLine(XS, XS.map(noise))?.significance ?? 9)).toBeLessThan(2);
  });

  test('is less sure of values that hang together', () => {
    const ys = XS.map((x) => x + 20 * Math.sin(x / 4));
    const alone = XS.map((x) => x + 20 * noise(x));
    const significance = (values: readonly number[]): number => robustLine(XS, values)?.significance ?? 0;
    expect(significance(ys)).toBeLessThan(2);
    expect(significance(alone)).toBeGreaterThan(0);
  });

  test('is unknown from two points, or where time stands still', () => {
    expect(robustLine([1, 2], [1, 2])).toBeUndefined();
    expect(robustLine([1, 1, 1, 1], [1, 2, 3, 4])).toBeUndefined();
  });

  test('turns with its values', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(values, (ys) => {
        const xs = ys.map((_, i) => i);
        const up = robustLine(xs, ys);
        const down = robustLine(
          xs,
          ys.map((y) => -y),
        );
        expect(down?.slope).toBeCloseTo(-(up?.slope ?? 0), 3);
        expect(down?.significance).toBeCloseTo(-(up?.significance ?? 0), 6);
      }),
    );
  });
});

describe('the evidence against a plateau at 100 or below', () => {
  const evidence = (
    curve: (x: number) => number,
    by: (x: number) => number = (x) => x,
    loads: readonly (readonly number[])[] = [],
  ): number =>
    evidenceAgainstPlateau(
      { values: XS.map((x) => curve(x) + 0.3 * noise(x)), axes: [XS, XS.map(by)], loads },
      100,
    );
  const levelling = (x: number): number => 90 * (1 - Math.exp(-x / 40));

  test('is strong for a line that goes half of the way, by either axis', () => {
    expect(evidence((x) => 1.7 * x)).toBeGreaterThan(5);
    expect(
      evidence(
        (x) => 0.06 * x * x,
        (x) => x * x,
      ),
    ).toBeGreaterThan(5);
  });

  test('is weak while the line is short beside the way', () => {
    expect(evidence((x) => 0.2 * x)).toBeLessThan(3);
  });

  test('speaks for the plateau where one axis bends, however straight the other is', () => {
    expect(evidence(levelling)).toBeLessThan(-5);
    expect(evidence(levelling, (x) => 1 - Math.exp(-x / 41))).toBeLessThan(0);
  });

  test('is none where the load may have straightened the plateau', () => {
    const load = XS.map((x) => x * x);
    const straightened = (x: number): number => levelling(x) + 0.017 * x * x;
    expect(evidence(straightened)).toBeGreaterThan(5);
    expect(evidence(straightened, undefined, [load])).toBeLessThan(1);
  });

  test('is smaller for noise, which may hide a bend', () => {
    const noisy = (x: number): number => 1.7 * x + 8 * noise(3 * x);
    expect(evidence(noisy)).toBeLessThan(3);
  });
});

describe('the slope that the load does not explain', () => {
  const wave = XS.map((x) => Math.sin(x / 3));

  test('is that of the leak beside a wave', () => {
    const ys = XS.map((x) => 2 * x + 30 * Math.sin(x / 3));
    expect(slopeNetOfLoad(XS, ys, wave)).toBeCloseTo(2, 3);
  });

  test('is nothing where memory follows the load', () => {
    expect(
      slopeNetOfLoad(
        XS,
        wave.map((load) => 30 * load),
        wave,
      ),
    ).toBeCloseTo(0, 6);
  });

  test('is nothing where load and time rise together, so that nobody can tell', () => {
    expect(
      slopeNetOfLoad(
        XS,
        XS.map((x) => 2 * x),
        XS.map((x) => 5 + x),
      ),
    ).toBe(0);
  });

  test('is the whole where the load never changed', () => {
    expect(
      slopeNetOfLoad(
        XS,
        XS.map((x) => 2 * x),
        XS.map(() => 8),
      ),
    ).toBeCloseTo(2, 6);
  });
});
