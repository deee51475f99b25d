import { describe, expect, test } from 'vitest';
import { WardenError, type ErrorCode } from '../errors.ts';
import { ManualClock } from './manual-clock.ts';
import type { ListWatch, Observed, WatchEvent } from './ports.ts';
import { Reflector } from './reflector.ts';
import { silentLog, silentMetrics } from './silent.ts';
import { Store } from './store.ts';

type Event = WatchEvent<string>;

/** One answer of the scripted server; `hang` keeps the watch open. */
type Step =
  | { readonly list: readonly string[]; readonly at: string }
  | { readonly listFails: ErrorCode; readonly retryAfterMs?: number }
  | {
      readonly watch: readonly Event[];
      readonly ends: 'close' | 'hang' | ErrorCode;
      readonly lastsMs?: number;
    };

function observed(name: string, resourceVersion: string): Observed<string> {
  const meta = { namespace: undefined, name, uid: name, resourceVersion, generation: undefined };
  return { meta, parsed: { ok: true, object: name } };
}

const added = (name: string, version: string): Event => ({ type: 'Added', item: observed(name, version) });
const bookmark = (resourceVersion: string): Event => ({ type: 'Bookmark', resourceVersion });
const failure = (code: ErrorCode, retryAfterMs?: number): WardenError =>
  new WardenError(code, code, { retryAfterMs });

/** Runs a reflector against the script; `calls` are what the server saw, with the time of each. */
function reflect(steps: readonly Step[]): {
  calls: string[];
  clock: ManualClock;
  store: Store<string>;
  stop: () => Promise<void>;
} {
  const clock = new ManualClock();
  const store = new Store<string>({ log: silentLog });
  const calls: string[] = [];
  const script = [...steps];
  const next = (call: string): Step | undefined => {
    calls.push(`${clock.monotonic()} ms: ${call}`);
    return script.shift();
  };
  const source: ListWatch<string> = {
    async list(signal) {
      const step = next('list');
      if (step === undefined) await forever(signal);
      if (step !== undefined && 'listFails' in step) throw failure(step.listFails, step.retryAfterMs);
      if (step === undefined || !('list' in step)) throw new Error('the script has no list here');
      return { items: step.list.map((name) => observed(name, step.at)), resourceVersion: step.at };
    },
    async *watch(resourceVersion, signal) {
      const step = next(`watch from ${resourceVersion}`);
      if (step === undefined) await forever(signal);
      if (step === undefined || !('watch' in step)) throw new Error('the script has no watch here');
      yield* step.watch;
      await clock.sleep(step.lastsMs ?? 0, signal);
      if (step.ends === 'hang') await forever(signal);
      if (step.ends !== 'close' && step.ends !== 'hang') throw failure(step.ends);
    },
  };
  const stopping = new AbortController();
  const reflector = new Reflector({
    name: 'pods',
    source,
    store,
    clock,
    random: () => 0,
    log: silentLog,
    metrics: silentMetrics,
  });
  const running = reflector.run(stopping.signal);
  return { calls, clock, store, stop: () => (stopping.abort(), running) };
}

function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(failure('Aborted'))));
}

describe('a reflector', () => {
  test('lists, then watches from the version of the list, then from the last version it saw', async () => {
    const { calls, clock, store, stop } = reflect([
      { list: ['a'], at: '10' },
      { watch: [added('b', '12'), bookmark('40')], ends: 'close', lastsMs: 5_000 },
    ]);
    await clock.advance(5_000);
    expect(calls).toEqual(['0 ms: list', '0 ms: watch from 10', '5000 ms: watch from 40']);
    expect(store.keys()).toEqual(['a', 'b']);
    await stop();
    expect(clock.pendingTimers).toBe(0);
  });

  test('goes on after any failure, not only after 410 and time-outs (javascript #301, #1496)', async () => {
    const { calls, clock, store, stop } = reflect([
      { listFails: 'ApiUnreachable' },
      { listFails: 'ApiForbidden' },
      { list: ['a'], at: '10' },
      { watch: [], ends: 'ApiServerError' },
      { watch: [added('b', '11')], ends: 'ApiTimeout' },
    ]);
    await clock.advance(60_000);
    expect(calls).toEqual([
      '0 ms: list',
      '800 ms: list',
      '2400 ms: list',
      '2400 ms: watch from 10',
      '5600 ms: watch from 10',
      '12000 ms: watch from 11',
    ]);
    expect(store.keys()).toEqual(['a', 'b']);
    await stop();
  });

  test.each(['ApiExpired', 'ApiBadRequest', 'ApiResponseTooLarge', 'ApiBadResponse'] as const)(
    'lists again after %s: the same watch would not get further',
    async (code) => {
      const { calls, clock, stop } = reflect([
        { list: ['a'], at: '10' },
        { watch: [], ends: code },
        { list: ['a'], at: '20' },
      ]);
      await clock.advance(1_000);
      expect(calls).toEqual(['0 ms: list', '0 ms: watch from 10', '800 ms: list', '800 ms: watch from 20']);
      await stop();
    },
  );

  test('lists again after 410, and backs off in a loop of 410s (kubernetes-monitor #1506)', async () => {
    const expired: Step[] = Array.from({ length: 4 }, () => [
      { list: ['a'], at: '10' } as const,
      { watch: [], ends: 'ApiExpired' } as const,
    ]).flat();
    const { calls, clock, stop } = reflect(expired);
    await clock.advance(15_000);
    expect(calls.filter((call) => call.endsWith('list'))).toEqual([
      '0 ms: list',
      '800 ms: list',
      '2400 ms: list',
      '5600 ms: list',
      '12000 ms: list',
    ]);
    await stop();
  });

  test('waits as long as Retry-After says before it lists again (KFC #979)', async () => {
    const { calls, clock, stop } = reflect([{ listFails: 'ApiTooManyRequests', retryAfterMs: 7_000 }]);
    await clock.advance(10_000);
    expect(calls).toEqual(['0 ms: list', '7000 ms: list']);
    await stop();
  });

  test('does not storm a server that closes every watch at once (javascript #1933)', async () => {
    const { calls, clock, stop } = reflect([
      { list: [], at: '10' },
      { watch: [], ends: 'close' },
      { watch: [], ends: 'close' },
      { watch: [], ends: 'hang' },
    ]);
    await clock.advance(5_000);
    expect(calls).toEqual([
      '0 ms: list',
      '0 ms: watch from 10',
      '800 ms: watch from 10',
      '2400 ms: watch from 10',
    ]);
    await stop();
  });

  test('ends at once when told to, in the middle of a watch or of a wait', async () => {
    const watching = reflect([{ list: [], at: '1' }]);
    await watching.clock.advance(0);
    await watching.stop();
    const waiting = reflect([{ listFails: 'ApiUnreachable' }]);
    await waiting.clock.advance(1);
    await waiting.stop();
    expect([watching.clock.pendingTimers, waiting.clock.pendingTimers]).toEqual([0, 0]);
  });
});
