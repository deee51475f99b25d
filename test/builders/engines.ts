import type { TimedSample } from '../../src/signals/history.ts';
import type { EngineLoad, EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';

/** The instant at which the tests of the deciders take place. */
export const NOW = Date.parse('2026-03-02T10:00:00.000Z');

export const secondsAgo = (seconds: number): number => NOW - seconds * 1000;
export const inSeconds = (seconds: number): number => NOW + seconds * 1000;

/** What a page tells, without the time at which it was read. */
export type Load = Omit<EngineLoad, 'atMs'>;

type Overrides = Partial<EngineSnapshot>;

const NO_PAGE = { state: 'Missing', reason: 'NoPageYet', message: 'no page was read yet' } as const;

function engine(name: string, overrides: Overrides): EngineSnapshot {
  return {
    uid: `uid-${name}`,
    name,
    revision: 'aaa',
    replicaSet: 'chat-aaa',
    resourceVersion: '1',
    lifecycle: 'Pending',
    createdAtMs: secondsAgo(30),
    restarts: 0,
    page: NO_PAGE,
    isMember: true,
    serving: 'true',
    isListed: overrides.lifecycle === 'Ready',
    ...overrides,
  };
}

/** A ready engine, an hour old after a start of a minute, with a page read two seconds ago. */
export function ready(name: string, load: Load = {}, overrides: Overrides = {}): EngineSnapshot {
  return engine(name, {
    lifecycle: 'Ready',
    nodeName: 'node-1',
    createdAtMs: secondsAgo(3600),
    readyAtMs: secondsAgo(3540),
    page: { state: 'Fresh', load: { atMs: secondsAgo(2), ...load } },
    ...overrides,
  });
}

/** A ready engine whose page is missing; `lastLoad` when it fell silent while loaded. */
export function silent(name: string, lastLoad?: Load, overrides: Overrides = {}): EngineSnapshot {
  return ready(
    name,
    {},
    {
      page: {
        state: 'Missing',
        reason: 'PageTooOld',
        message: 'no page for 20 s: no answer within 5 s',
        ...(lastLoad !== undefined && { lastLoad: { atMs: secondsAgo(20), ...lastLoad } }),
      },
      ...overrides,
    },
  );
}

/** An engine on a node that has not started yet. */
export function loading(name: string, ageSeconds = 30, overrides: Overrides = {}): EngineSnapshot {
  return engine(name, {
    lifecycle: 'Loading',
    nodeName: 'node-1',
    createdAtMs: secondsAgo(ageSeconds),
    ...overrides,
  });
}

/** An engine that no node takes. */
export function unschedulable(name: string, overrides: Overrides = {}): EngineSnapshot {
  return engine(name, {
    unschedulable: '0/3 nodes are available: 3 Insufficient nvidia.com/gpu',
    ...overrides,
  });
}

/** An engine that had started and fails its readiness probe now. */
export function unready(name: string, overrides: Overrides = {}): EngineSnapshot {
  return engine(name, {
    lifecycle: 'Unready',
    nodeName: 'node-1',
    createdAtMs: secondsAgo(3600),
    ...overrides,
  });
}

/** A ready engine that was taken out of the Service, with the pages that were read of it of late. */
export function draining(
  name: string,
  recentPages: readonly TimedSample[],
  overrides: Overrides = {},
): EngineSnapshot {
  return ready(name, {}, { serving: 'draining', isListed: false, recentPages, ...overrides });
}

export function terminating(name: string, overrides: Overrides = {}): EngineSnapshot {
  return engine(name, { lifecycle: 'Terminating', nodeName: 'node-1', ...overrides });
}

/** As many engines as there are loads, named `engine-0`, `engine-1`, … */
export function readyWith(...loads: readonly Load[]): EngineSnapshot[] {
  return loads.map((load, index) => ready(`engine-${index}`, load));
}

/** So many engines with the same load. */
export function readyEngines(count: number, load: Load = {}): EngineSnapshot[] {
  return readyWith(...Array.from({ length: count }, () => load));
}
