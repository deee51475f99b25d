import { describe, expect, test } from 'vitest';
import {
  HorizontalPodAutoscaler,
  HPA_DEFAULTS,
  sizeByExternalMetric,
  sizeByPodMetric,
} from './horizontal-pod-autoscaler.ts';

describe('a metric of the pods', () => {
  test.each([
    {
      title: '0.9 of 0.8 on four pods asks for 4.5, so five',
      metrics: [0.9, 0.9, 0.9, 0.9],
      starting: 0,
      size: 5,
    },
    { title: '0.85 of 0.8 is within the tolerance', metrics: [0.85, 0.85, 0.85, 0.85], starting: 0, size: 4 },
    {
      title: 'two full pods and two that start as empty turn the direction round: hold',
      metrics: [1, 1],
      starting: 2,
      size: 4,
    },
    {
      title: 'three at 0.3 and one that starts at its target: 1.7 / 0.8 = 2.1, so three',
      metrics: [0.3, 0.3, 0.3],
      starting: 1,
      size: 3,
    },
    { title: 'no metric at all: hold', metrics: [], starting: 4, size: 4 },
  ])('$title', ({ metrics, starting, size }) => {
    expect(sizeByPodMetric(4, metrics, starting, 0.8)).toBe(size);
  });
});

test('an external metric of 23 with a target of 5 asks for five, whatever the pods do', () => {
  expect(sizeByExternalMetric(2, 23, 5)).toBe(5);
  expect(sizeByExternalMetric(2, 10.5, 5)).toBe(2);
});

describe('what is set', () => {
  test('grows by the larger of 100 % and four pods in 15 s', () => {
    const hpa = new HorizontalPodAutoscaler(HPA_DEFAULTS, 100);
    expect(hpa.next(2, 50, 0)).toBe(6);
    expect(hpa.next(6, 50, 15_000)).toBe(12);
  });

  test('shrinks to the largest size asked for within 300 s', () => {
    const hpa = new HorizontalPodAutoscaler(HPA_DEFAULTS, 100);
    expect(hpa.next(6, 6, 0)).toBe(6);
    expect(hpa.next(6, 3, 15_000)).toBe(6);
    expect(hpa.next(6, 2, 285_000)).toBe(6);
    expect(hpa.next(6, 2, 300_000)).toBe(3);
    expect(hpa.next(3, 2, 315_000)).toBe(2);
  });

  test('keeps the size that it finds for the first window (recordInitialRecommendation)', () => {
    const hpa = new HorizontalPodAutoscaler(HPA_DEFAULTS, 100);
    expect(hpa.next(6, 2, 15_000)).toBe(6);
    expect(hpa.next(6, 2, 315_000)).toBe(2);
  });

  test('with a window on the way up grows to the least asked for within it', () => {
    const scaleUp = { ...HPA_DEFAULTS.scaleUp, stabilizationWindowSeconds: 240 };
    const hpa = new HorizontalPodAutoscaler({ ...HPA_DEFAULTS, scaleUp }, 100);
    expect(hpa.next(2, 2, 0)).toBe(2);
    expect(hpa.next(2, 4, 15_000)).toBe(2);
    expect(hpa.next(2, 3, 240_000)).toBe(3);
  });

  test('stays between one and the most', () => {
    expect(new HorizontalPodAutoscaler(HPA_DEFAULTS, 4).next(3, 50, 0)).toBe(4);
    expect(new HorizontalPodAutoscaler(HPA_DEFAULTS, 4).next(1, 0, 0)).toBe(1);
  });
});
