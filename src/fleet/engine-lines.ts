import { SERVING } from '../api/v1alpha1/constants.ts';
import { isSilent, type EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import { count, cut, duration, percent } from './text.ts';

const LINES = 20;
const LINE_LENGTH = 512;

const OUT_OF_SERVICE: Readonly<Record<string, string>> = {
  [SERVING.draining]: 'Draining',
  [SERVING.suspect]: 'Suspected, out of the Service',
};

/**
 * One line an engine for `kubectl describe`, worst first; the rest is counted in the last line. `progress` says of
 * those that leave what they wait for, by uid.
 */
export function engineLines(
  engines: readonly EngineSnapshot[],
  progress: ReadonlyMap<string, string>,
  nowMs: number,
): string[] {
  const sorted = engines.toSorted((a, b) => badness(b) - badness(a) || a.name.localeCompare(b.name));
  const lines = sorted.map((engine) => cut(engineLine(engine, progress.get(engine.uid), nowMs), LINE_LENGTH));
  if (lines.length <= LINES) return lines;
  return [...lines.slice(0, LINES - 1), `… and ${lines.length - LINES + 1} more, all better than these`];
}

function engineLine(engine: EngineSnapshot, claimed: string | undefined, nowMs: number): string {
  const place = engine.nodeName === undefined ? '' : ` on ${engine.nodeName}`;
  const restarts = engine.restarts > 0 ? `; ${engine.restarts} restarts` : '';
  const leaving = claimed === undefined ? '' : `; ${claimed}`;
  return `${engine.name}: ${state(engine, nowMs)}${place}, ${load(engine, nowMs)}${restarts}${leaving}`;
}

function state(engine: EngineSnapshot, nowMs: number): string {
  const age = duration(nowMs - engine.createdAtMs);
  if (engine.trouble !== undefined)
    return `${engine.lifecycle} (${engine.trouble.reason}: ${engine.trouble.message})`;
  if (engine.unschedulable !== undefined) return `Pending for ${age} (no node: ${engine.unschedulable})`;
  if (engine.lifecycle === 'Ready' && engine.serving !== SERVING.true)
    return OUT_OF_SERVICE[engine.serving ?? ''] ?? 'Ready, but not in the Service';
  if (engine.lifecycle === 'Ready')
    return `Ready for ${duration(nowMs - (engine.readyAtMs ?? engine.createdAtMs))}`;
  return engine.lifecycle === 'Terminating' ? 'Terminating' : `${engine.lifecycle} for ${age}`;
}

function load(engine: EngineSnapshot, nowMs: number): string {
  if (engine.lifecycle === 'Terminating') return 'leaving';
  if (engine.lifecycle !== 'Ready') return 'not serving';
  if (engine.page.state === 'Missing') return engine.page.message;
  const { running, waiting, deferred = 0, kvCacheUsage, atMs } = engine.page.load;
  const more = deferred > 0 ? ` (and ${deferred} not for capacity)` : '';
  return `running ${count(running)}, waiting ${count(waiting)}${more}, KV ${percent(kvCacheUsage)} (page ${duration(nowMs - atMs)} old)`;
}

function badness(engine: EngineSnapshot): number {
  if (engine.trouble !== undefined) return 1000;
  if (engine.unschedulable !== undefined) return 900;
  if (engine.lifecycle === 'Unready') return 800;
  if (isSilent(engine)) return 700;
  if (engine.lifecycle === 'Terminating') return 600;
  if (engine.lifecycle !== 'Ready') return 500;
  if (engine.serving !== SERVING.true) return 550;
  if (engine.page.state !== 'Fresh') return 0;
  const { kvCacheUsage = 0, waiting = 0 } = engine.page.load;
  // However busy, a healthy engine comes after all that are not.
  return Math.min(499, 100 * kvCacheUsage + waiting);
}
