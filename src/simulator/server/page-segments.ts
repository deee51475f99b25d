import type { Histogram } from '../model/histogram.ts';
import { formatLabels, formatValue, type Labels } from './page-format.ts';

/** A piece of a page: pushes its text onto `out`. All that never changes was put together beforehand. */
export type Segment = (out: string[]) => void;

export function fixedText(text: string): Segment {
  return (out) => {
    out.push(text);
  };
}

export function sample(name: string, labels: Labels, read: () => number): Segment {
  const prefix = `${name}${formatLabels(labels)} `;
  return (out) => {
    out.push(prefix, formatValue(read()), '\n');
  };
}

/** Buckets added up, then count and sum. */
export function histogramSamples(name: string, labels: Labels, histogram: Histogram): Segment {
  const prefixes = [...histogram.bounds, Infinity].map(
    (bound) => `${name}_bucket${formatLabels({ ...labels, le: formatValue(bound) })} `,
  );
  const countPrefix = `${name}_count${formatLabels(labels)} `;
  const sumPrefix = `${name}_sum${formatLabels(labels)} `;
  return (out) => {
    let cumulative = 0;
    for (let i = 0; i < prefixes.length; i += 1) {
      cumulative += histogram.counts[i] ?? 0;
      out.push(prefixes[i] ?? '', formatValue(cumulative), '\n');
    }
    out.push(countPrefix, formatValue(histogram.count), '\n', sumPrefix, formatValue(histogram.sum), '\n');
  };
}
