import { abstain } from './abstain.ts';
import { figures, sum, type FleetLoad } from './fleet-load.ts';
import type { Proposal } from './types.ts';

const SIGNAL = 'KVCache';
/** Relative distance from the target that is left alone: HPA's `--horizontal-pod-autoscaler-tolerance`. */
const TOLERANCE = 0.1;
/** A fleet with this many waiting requests an engine is not shrunk, however empty its KV cache. */
const WAITING_FORBIDS_SHRINK = 2;

/**
 * Sizes the fleet by ceil(M · mean KV usage / target) in both directions, with a tolerance of 10 %: HPA's rule
 * (kubernetes `replica_calculator.go`) and its worst cases: starting engines count as empty on the way up; an
 * engine whose page is missing counts as empty on the way up (unless it fell silent while loaded) and as being
 * at its target on the way down. Starting engines are kept on the way down: they are capacity to come, not idle.
 */
export function proposeByKVCache(current: number, load: FleetLoad, target: number): Proposal {
  const known = figures(load.known, 'kvCacheUsage');
  const remembered = figures(load.remembered, 'kvCacheUsage');
  if (known.length + remembered.length === 0) {
    return abstain(SIGNAL, 'NoData', 'no ready engine tells its KV-cache usage');
  }
  const held = sum(known) + sum(remembered);
  const forGrowth = arithmetic(held, load.ready.length + load.starting.length, target);
  if (forGrowth.ratio > 1 + TOLERANCE) {
    return size(Math.max(current, forGrowth.size), 'KVOverTarget', forGrowth.text);
  }
  const silent = load.ready.length - known.length;
  const forShrink = arithmetic(sum(known) + silent * target, load.ready.length, target);
  if (forShrink.ratio > 1 + TOLERANCE) return holdForUnknown(current, load, silent, forShrink, forGrowth);
  if (forShrink.ratio >= 1 - TOLERANCE) {
    return size(
      current,
      'KVWithinTolerance',
      `${forShrink.text}, within 10 % of the target: keep ${current}`,
    );
  }
  const waiting = figures(load.known, 'waiting');
  if (waiting.length < load.known.length) {
    return size(
      current,
      'QueueUnknown',
      `${forShrink.text}, but not every page tells how many requests wait`,
    );
  }
  const waitingPerEngine = sum(waiting) / load.ready.length;
  if (waitingPerEngine >= WAITING_FORBIDS_SHRINK) {
    return size(
      current,
      'QueueNotEmpty',
      `${forShrink.text}, but ${waitingPerEngine.toFixed(1)} requests wait an engine (below ${WAITING_FORBIDS_SHRINK} to shrink)`,
    );
  }
  const kept = load.starting.length;
  const asked = Math.min(current, forShrink.size + kept);
  const plusStarting = kept > 0 ? `, plus ${kept} starting` : '';
  return size(asked, 'KVUnderTarget', `${forShrink.text}${plusStarting}`);
}

/** The engines that tell their usage are over the target, those that do not may have room: hold. */
function holdForUnknown(
  current: number,
  load: FleetLoad,
  silent: number,
  told: Arithmetic,
  withUnknown: Arithmetic,
): Proposal {
  const starting = load.starting.length;
  const unknown = [
    ...(starting > 0 ? [`${starting} starting`] : []),
    ...(silent > 0 ? [`${silent} without usage on a fresh page`] : []),
  ];
  return size(
    current,
    starting > 0 ? 'CapacityStarting' : 'PagesMissing',
    `${told.text}, but the mean is ${withUnknown.mean.toFixed(2)} with ${unknown.join(' and ')} counted as empty`,
  );
}

interface Arithmetic {
  readonly mean: number;
  readonly ratio: number;
  readonly size: number;
  readonly text: string;
}

function arithmetic(held: number, engines: number, target: number): Arithmetic {
  const mean = held / engines;
  const size = Math.max(1, Math.ceil(withoutDust(held / target)));
  const text = `${engines} engine${engines === 1 ? '' : 's'} at ${mean.toFixed(2)} mean KV usage / target ${target.toFixed(2)} = ${size}`;
  return { mean, ratio: withoutDust(mean / target), size, text };
}

/** Rounded to nine places: the ceiling of 2.4000000000000004 / 0.8 orders an engine, 0.72 / 0.8 is below 0.9. */
function withoutDust(value: number): number {
  return Number(value.toFixed(9));
}

function size(value: number, reason: string, message: string): Proposal {
  return { signal: SIGNAL, kind: 'Size', size: value, reason, message };
}
