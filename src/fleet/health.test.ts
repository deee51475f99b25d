import { describe, expect, test } from 'vitest';
import { worked } from '../../test/builders/acute.ts';
import { inShort } from '../../test/builders/claims.ts';
import { NOW, ready } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot, replicaSet } from '../../test/builders/fleets.ts';
import type { EngineSample } from '../engine/sample.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import { append, EMPTY_HISTORY, type EngineHistory } from '../signals/history.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { ProbeOutcome, ProbeRecord } from '../snapshot/probe-record.ts';
import { decideFleet } from './decide-fleet.ts';
import { recallMemory } from './memory.ts';
import { planFleet } from './plan.ts';

const EVERY_SECONDS = 5;
const STOPS_AT = 60;
const PROBE_SECONDS = 30;

interface Trial {
  readonly seconds: number;
  readonly engines: number;
  /** Those that stand still from the sixtieth second on. */
  readonly wedged: readonly string[];
  readonly answer?: ProbeOutcome;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** What the operator does to a fleet of which some engines stop working: `second: action`; each write takes effect at once. */
function live({ seconds, engines, wedged, answer = 'Silent', spec = {} }: Trial): readonly string[] {
  const story: string[] = [];
  const names = Array.from({ length: engines }, (_, index) => `e${index}`);
  const pages = new Map<string, EngineHistory>();
  const probes = new Map<string, ProbeRecord>();
  const changes = new Map<string, Partial<EngineSnapshot>>();
  const gone = new Set<string>();
  let claims: readonly Disruption[] = [];
  const snapshotAt = (nowMs: number) =>
    fleetSnapshot(
      names
        .filter((name) => !gone.has(name))
        .map((name) => engineOf(name, pages.get(name), probes.get(name), changes.get(name), nowMs)),
      {
        fleet: fleet({ scaling: undefined, replicas: engines, ...spec }, { disruptions: claims }),
        replicaSets: [replicaSet('aaa', engines)],
      },
    );
  let memory = recallMemory(snapshotAt(NOW), NOW);
  for (let second = 0; second <= seconds; second += EVERY_SECONDS) {
    const nowMs = NOW + second * 1000;
    for (const name of names) {
      const sample = worked(wedged.includes(name) ? Math.min(second, STOPS_AT) : second);
      pages.set(name, append(pages.get(name) ?? EMPTY_HISTORY, { atMs: nowMs, sample }));
      const probe = probes.get(name);
      if (probe?.outcome === 'Pending' && nowMs - probe.sentAtMs >= PROBE_SECONDS * 1000)
        probes.set(name, { ...probe, outcome: answer, endedAtMs: nowMs, message: `it is ${answer}` });
    }
    const snapshot = snapshotAt(nowMs);
    const decided = decideFleet(snapshot, memory, nowMs);
    ({ memory } = decided);
    for (const action of planFleet(snapshot, decided.decision)) {
      story.push(`${second}: ${inShort(action)}`);
      if (action.kind === 'WriteClaims') ({ claims } = action);
      if (action.kind === 'Probe')
        probes.set(action.engine.name, { sentAtMs: nowMs, outcome: 'Pending', message: 'asked' });
      if (action.kind === 'MarkSuspect') {
        const { claimedAt } = action.claim;
        changes.set(action.engine.name, { serving: 'suspect', isListed: false, claim: claimedAt });
      }
      if (action.kind === 'DeleteEngine') gone.add(action.engine.name);
    }
  }
  return story;
}

function engineOf(
  name: string,
  history: EngineHistory | undefined,
  probe: ProbeRecord | undefined,
  changes: Partial<EngineSnapshot> | undefined,
  nowMs: number,
): EngineSnapshot {
  const last = history?.samples.at(-1);
  const sample: EngineSample = last?.sample ?? worked(0);
  return ready(
    name,
    { running: sample.running ?? 0, waiting: sample.waiting ?? 0 },
    {
      page: { state: 'Fresh', load: { atMs: last?.atMs ?? nowMs, running: 7, waiting: 5, sample } },
      container: { isRunning: true, hasStarted: true, startedAtMs: NOW - 3_600_000 },
      ...(history !== undefined && { history }),
      ...(probe !== undefined && { probe }),
      ...changes,
    },
  );
}

const probed = (story: readonly string[]): readonly string[] =>
  story.filter((line) => line.includes('Probe'));

describe('an engine that stands still', () => {
  const story = live({ seconds: 260, engines: 3, wedged: ['e1'] });

  test('is isolated, asked for a token, proved and deleted, a step a pass', () => {
    expect(story).toEqual([
      '90: WriteClaims: Isolate e1 (Suspected) Claimed',
      '95: MarkSuspect e1',
      '100: WriteClaims: Isolate e1 (Suspected) Isolated',
      '180: Probe e1',
      '210: WriteClaims: Replace e1 (Dead) Claimed DrainFirst',
      '215: WriteClaims: Replace e1 (Dead) Removing DrainFirst',
      '220: DeleteEngine e1 within 5 s',
    ]);
  });

  test('is proved dead within 180 s', () => {
    expect(story).toContainEqual('210: WriteClaims: Replace e1 (Dead) Claimed DrainFirst');
    expect(210 - STOPS_AT).toBeLessThan(180);
  });

  test('is not touched when it answers', () => {
    const acts = live({ seconds: 500, engines: 3, wedged: ['e1'], answer: 'Answered' });
    expect(acts.filter((line) => /Replace|Delete/.test(line))).toEqual([]);
  });

  test('the only one of its fleet is proved in the Service, then replaced', () => {
    expect(live({ seconds: 220, engines: 1, wedged: ['e0'] })).toEqual([
      '180: Probe e0',
      '210: WriteClaims: Replace e0 (Dead) Claimed DrainFirst',
      '215: WriteClaims: Replace e0 (Dead) Removing DrainFirst',
      '220: DeleteEngine e0 within 5 s',
    ]);
  });
});

test('engines that work are neither asked nor touched', () => {
  expect(live({ seconds: 400, engines: 3, wedged: [] })).toEqual([]);
});

test('many at once: none is isolated, one after the other is replaced once its probe has proved it', () => {
  const story = live({ seconds: 260, engines: 6, wedged: ['e0', 'e1', 'e2', 'e3'] });
  expect(story.filter((line) => line.includes('Isolate'))).toEqual([]);
  expect(probed(story)).toHaveLength(4);
  expect(story.filter((line) => line.includes('Delete'))).toEqual(['220: DeleteEngine e0 within 5 s']);
});

describe('what is done is for the spec to say', () => {
  test.each<[what: string, spec: Readonly<Record<string, unknown>>, probes: number]>([
    ['Advisory: found by a probe, and not touched', { remediation: { mode: 'Advisory' } }, 1],
    ['Off: not even asked', { remediation: { mode: 'Off' } }, 0],
    ['suspend: not even asked', { suspend: true }, 0],
    ['only Wedged is Advisory', { remediation: { signatures: [{ name: 'Wedged', mode: 'Advisory' }] } }, 1],
  ])('%s', (_what, spec, probes) => {
    const story = live({ seconds: 260, engines: 3, wedged: ['e1'], spec });
    expect(probed(story)).toHaveLength(probes);
    expect(story.filter((line) => !line.includes('Probe'))).toEqual([]);
  });
});
