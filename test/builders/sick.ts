import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import { markOf } from '../../src/disruption/marks.ts';
import type { SickEngine, SickEngines } from '../../src/disruption/sick.ts';
import type { Verdict } from '../../src/rules/verdict.ts';
import { append, EMPTY_HISTORY } from '../../src/signals/history.ts';
import type { EngineSnapshot } from '../../src/snapshot/engine-snapshot.ts';
import { secondsAgo } from './engines.ts';
import { pageOf } from './pages.ts';

const SIGNATURE_OF: Readonly<Record<SickEngine['cause'], SickEngine['signature']>> = {
  Dead: 'Wedged',
  Suspected: 'Wedged',
  Leak: 'HostMemoryLeak',
  Sick: 'Straggler',
};

/** These engines, by name, should not go on as they are. */
export function sickBy(causes: Readonly<Record<string, SickEngine['cause']>>): SickEngines {
  return new Map(
    Object.entries(causes).map(([name, cause]) => [
      `uid-${name}`,
      { cause, signature: SIGNATURE_OF[cause], message: `${name} shows it` },
    ]),
  );
}

/** The engine, of which this leader has read pages for so long. */
export function watchedFor(engine: EngineSnapshot, seconds: number): EngineSnapshot {
  const history = [seconds, 0].reduce(
    (pages, ago) => append(pages, { atMs: secondsAgo(ago), sample: pageOf() }),
    EMPTY_HISTORY,
  );
  return { ...engine, history };
}

/** The engine as its Isolate has marked it. */
export function suspectBy(engine: EngineSnapshot, claim: Disruption): EngineSnapshot {
  return { ...engine, serving: 'suspect', isListed: false, claim: markOf(claim) };
}

/** What a signature says of an engine, by default a proved wedge. */
export function verdictOf(name: string, overrides: Partial<Verdict> = {}): Verdict {
  return {
    signature: 'Wedged',
    uid: `uid-${name}`,
    engine: name,
    state: 'Proved',
    confidence: 'High',
    sinceMs: secondsAgo(150),
    reason: 'WedgedProbeUnanswered',
    message: 'no engine step since 09:57:30',
    ...overrides,
  };
}
