import { wva, type WvaInput } from './wva.ts';

const KV_THRESHOLD = 0.8;
const QUEUE_THRESHOLD = 5;
const KV_SPARE_TRIGGER = 0.1;
const QUEUE_SPARE_TRIGGER = 3;

/**
 * WVA's first analyser (docs/saturation-analyzer.md, internal/saturation): one replica more when those that are not
 * saturated have too little room left in the mean, one less when their load spread over one fewer would leave enough.
 * It waits while replicas are pending, and needs two that are not saturated to shrink.
 */
export function saturationDesired({ replicas, pending, current }: WvaInput): number {
  if (replicas.length === 0 || pending > 0) return current;
  const free = replicas.filter(
    ({ kvCacheUsage, queue }) => kvCacheUsage < KV_THRESHOLD && queue < QUEUE_THRESHOLD,
  );
  const kv = free.reduce((sum, replica) => sum + replica.kvCacheUsage, 0);
  const queue = free.reduce((sum, replica) => sum + replica.queue, 0);
  if (free.length === 0 || !hasRoom(kv / free.length, queue / free.length)) return current + 1;
  const fewer = free.length - 1;
  return fewer > 0 && hasRoom(kv / fewer, queue / fewer) ? current - 1 : current;
}

function hasRoom(kvCacheUsage: number, queue: number): boolean {
  return KV_THRESHOLD - kvCacheUsage >= KV_SPARE_TRIGGER && QUEUE_THRESHOLD - queue >= QUEUE_SPARE_TRIGGER;
}

export const WVA_V1 = wva('WVA v1', () => saturationDesired);
