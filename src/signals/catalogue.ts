import { BREAKDOWN_NAMES, HISTOGRAM_NAMES, SCALAR_NAMES } from '../engine/families.ts';
import type { HistogramName } from '../engine/sample.ts';
import { histogramIncrease, mergeHistograms, quantile } from './quantile.ts';
import { finished } from './requests.ts';
import { latest, rate, type Read, type Window } from './window.ts';

export type Unit = 'requests' | 'fraction' | 'requests/s' | 'tokens/s' | 'preemptions/s' | 'seconds';

/** A named figure of an engine or of a fleet. */
export interface Signal {
  readonly unit: Unit;
  /** One sentence for status, documents and dashboards. */
  readonly meaning: string;
  /**
   * The figure over the windows of one or more engines; `undefined` if none of them shows it. An engine that does
   * not show it adds nothing: who needs to know how many did asks for each engine alone.
   */
  readonly compute: (engines: readonly Window[]) => number | undefined;
  /** The same in PromQL; `$selector` stands for label matchers, `$window` for a duration such as `5m`. */
  readonly promql: string;
}

const queued: Read = ({ waiting, waitingByReason }) => waitingByReason?.['capacity'] ?? waiting;
const deferred: Read = ({ waitingByReason }) => waitingByReason?.['deferred'];

export const SIGNALS = {
  running: {
    unit: 'requests',
    meaning: 'Requests in the running batch.',
    compute: (engines) => sum(engines, (window) => latest(window, ({ running }) => running)),
    promql: `sum(${SCALAR_NAMES.running}{$selector})`,
  },
  queueDepth: {
    unit: 'requests',
    meaning:
      'Requests that wait for capacity (all waiting requests where the engine does not say why they wait).',
    compute: (engines) => sum(engines, (window) => latest(window, queued)),
    promql:
      `sum(${BREAKDOWN_NAMES.waitingByReason}{reason="capacity",$selector} ` +
      `or on (instance) ${SCALAR_NAMES.waiting}{$selector})`,
  },
  deferred: {
    unit: 'requests',
    meaning: 'Requests that wait for an adapter, a grammar or KV blocks from elsewhere, not for capacity.',
    compute: (engines) => sum(engines, (window) => latest(window, deferred)),
    promql: `sum(${BREAKDOWN_NAMES.waitingByReason}{reason="deferred",$selector})`,
  },
  kvCacheUsage: {
    unit: 'fraction',
    meaning:
      'Fraction of the KV cache held by live requests: the fullest rank of an engine, the mean of a fleet.',
    compute: (engines) => mean(engines, (window) => latest(window, ({ kvCacheUsage }) => kvCacheUsage)),
    promql: `avg(max by (instance) (${SCALAR_NAMES.kvCacheUsage}{$selector}))`,
  },
  requestRate: {
    unit: 'requests/s',
    meaning: 'Requests finished per second.',
    compute: (engines) => sum(engines, (window) => rate(window, finished)),
    promql: `sum(rate(${BREAKDOWN_NAMES.requests}{$selector}[$window]))`,
  },
  promptTokenRate: {
    unit: 'tokens/s',
    meaning: 'Prompt tokens processed per second.',
    compute: (engines) => sum(engines, (window) => rate(window, ({ promptTokens }) => promptTokens)),
    promql: `sum(rate(${SCALAR_NAMES.promptTokens}{$selector}[$window]))`,
  },
  generationTokenRate: {
    unit: 'tokens/s',
    meaning: 'Tokens generated per second.',
    compute: (engines) => sum(engines, (window) => rate(window, ({ generationTokens }) => generationTokens)),
    promql: `sum(rate(${SCALAR_NAMES.generationTokens}{$selector}[$window]))`,
  },
  preemptionRate: {
    unit: 'preemptions/s',
    meaning: 'Requests thrown out of the batch per second for want of KV blocks.',
    compute: (engines) => sum(engines, (window) => rate(window, ({ preemptions }) => preemptions)),
    promql: `sum(rate(${SCALAR_NAMES.preemptions}{$selector}[$window]))`,
  },
  ttftP95: {
    unit: 'seconds',
    meaning: '95th percentile of the time to the first token, queueing included.',
    compute: (engines) => percentile(engines, 'ttft'),
    promql: percentilePromql('ttft'),
  },
  interTokenLatencyP95: {
    unit: 'seconds',
    meaning: '95th percentile of the time between two tokens of a response.',
    compute: (engines) => percentile(engines, 'interTokenLatency'),
    promql: percentilePromql('interTokenLatency'),
  },
  e2eP95: {
    unit: 'seconds',
    meaning: '95th percentile of the time from arrival to the last token.',
    compute: (engines) => percentile(engines, 'e2e'),
    promql: percentilePromql('e2e'),
  },
} as const satisfies Readonly<Record<string, Signal>>;

export type SignalId = keyof typeof SIGNALS;

function known(engines: readonly Window[], figure: (window: Window) => number | undefined): number[] {
  return engines.flatMap((window) => figure(window) ?? []);
}

function sum(engines: readonly Window[], figure: (window: Window) => number | undefined): number | undefined {
  const figures = known(engines, figure);
  return figures.length === 0 ? undefined : figures.reduce((total, value) => total + value, 0);
}

function mean(
  engines: readonly Window[],
  figure: (window: Window) => number | undefined,
): number | undefined {
  const figures = known(engines, figure);
  return figures.length === 0
    ? undefined
    : figures.reduce((total, value) => total + value, 0) / figures.length;
}

function percentile(engines: readonly Window[], name: HistogramName): number | undefined {
  const merged = mergeHistograms(engines.flatMap((window) => histogramIncrease(window, name) ?? []));
  return merged === undefined ? undefined : quantile(merged, 0.95);
}

function percentilePromql(name: 'ttft' | 'interTokenLatency' | 'e2e'): string {
  return `histogram_quantile(0.95, sum by (le) (rate(${HISTOGRAM_NAMES[name]}_bucket{$selector}[$window])))`;
}
