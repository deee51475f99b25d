import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scanPage } from '../src/engine/scan.ts';
import type { EngineSample } from '../src/engine/sample.ts';
import { decideFleet, type FleetDecision } from '../src/fleet/decide-fleet.ts';
import { recallMemory } from '../src/fleet/memory.ts';
import { planFleet } from '../src/fleet/plan.ts';
import { buildStatus, type WrittenStatus } from '../src/fleet/status.ts';
import { append, EMPTY_HISTORY } from '../src/signals/history.ts';
import { rate } from '../src/signals/window.ts';
import type { EngineSnapshot } from '../src/snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../src/snapshot/fleet-snapshot.ts';
import { loading, NOW, ready, readyEngines, secondsAgo, silent, unschedulable } from './builders/engines.ts';
import { fleetSnapshot, replicaSet } from './builders/fleets.ts';
import { watchedForAnHour } from './builders/scaling.ts';
import { newSimulation, run } from './builders/simulation.ts';

/*
 * Each of these happened to users of other autoscalers and operators; the threads stand beside the names.
 */

const full = { running: 32, waiting: 9, kvCacheUsage: 1 };
const quiet = { running: 0, waiting: 0, kvCacheUsage: 0 };

interface Outcome {
  readonly decision: FleetDecision;
  readonly status: WrittenStatus;
  readonly actions: readonly string[];
}

/** What a leader that has watched for an hour does about a fleet. */
function outcome(snapshot: FleetSnapshot): Outcome {
  const memory = { ...recallMemory(snapshot, NOW), scaling: watchedForAnHour() };
  const { decision } = decideFleet(snapshot, memory, NOW);
  return {
    decision,
    status: buildStatus(snapshot, decision, [], NOW),
    actions: planFleet(snapshot, decision).map(({ kind }) => kind),
  };
}

const of = (engines: readonly EngineSnapshot[]): Outcome => outcome(fleetSnapshot(engines));
const condition = ({ status }: Outcome, type: string): string | undefined =>
  status.conditions?.find((one) => one.type === type)?.status;

describe('1. all scrapes fail (keda #3065: everything to the minimum at peak; aibrix #593)', () => {
  const blind = of([silent('a'), silent('b'), silent('c')]);

  test('the size stays', () => {
    expect(blind.decision.size).toMatchObject({ action: 'Hold', desired: 3 });
    expect(blind.actions).toEqual([]);
  });

  test('MetricsAvailable is False, and the status shows no zero in place of the load', () => {
    expect(condition(blind, 'MetricsAvailable')).toBe('False');
    expect(blind.status.summary).toMatchObject({ waiting: '?', kv: '?' });
  });
});

describe('2. one of N scrapes fails at peak (kthena #1403)', () => {
  test('the fleet is not shrunk by the engine that fell silent', () => {
    const partly = of([ready('a', quiet), ready('b', quiet), silent('c', full)]);
    expect(partly.decision.size).toMatchObject({ action: 'Hold', desired: 3, reason: 'MetricsMissing' });
  });

  test('the others can still make it grow', () => {
    expect(of([ready('a', full), ready('b', full), silent('c')]).decision.size.action).toBe('Grow');
  });
});

describe('3. an engine loads for five minutes (llm-d WVA #196: shrunk while loading; k8s #79158)', () => {
  const credit = { createdAtMs: secondsAgo(300) };

  test('it is no idle engine: nothing is shrunk', () => {
    const calm = of([ready('a', { ...quiet, kvCacheUsage: 0.75 }), loading('b', 300, credit)]);
    expect(calm.decision.size).toMatchObject({ action: 'Hold', desired: 2 });
  });

  test('it was ordered for this load: nothing more is ordered', () => {
    const loaded = of([ready('a', { ...full, kvCacheUsage: 0.9 }), loading('b', 300, credit)]);
    expect(loaded.decision.size).toMatchObject({ action: 'Hold', desired: 2 });
    expect(loaded.decision.size.proposals).toContainEqual(
      expect.objectContaining({ signal: 'QueueDepth', reason: 'CapacityStarting' }),
    );
  });
});

describe('4. an engine finds no GPU (dynamo #14251: a pending pod froze the planner)', () => {
  test('nothing more is ordered, and the status says why', () => {
    const starved = of([ready('a', full), ready('b', full), unschedulable('c')]);
    expect(starved.decision.size).toMatchObject({ action: 'Hold', reason: 'Unschedulable' });
    expect(starved.status.summary?.state).toBe('Degraded');
    expect(starved.status.engines?.[0]).toContain('c: Pending for 30 s (no node: 0/3 nodes are available');
  });

  test('other decisions go on: a quiet fleet shrinks, and takes that very engine', () => {
    const calm = of([ready('a', quiet), ready('b', quiet), unschedulable('c')]);
    expect(calm.decision.size).toMatchObject({ action: 'Shrink', desired: 2 });
    expect(calm.actions).toEqual(['WriteClaims']);
    expect(calm.decision.disruption.begun).toMatchObject([{ engine: 'c', command: 'Shrink' }]);
  });
});

test('5. the surge of a rolling restart is not growth (k8s #90461: 383 replicas became 664)', () => {
  const load = { kvCacheUsage: 0.8, running: 8, waiting: 0 };
  const rules = { startSeconds: () => 60, load: () => load };
  const spec = { scaling: { minReplicas: 2, maxReplicas: 20 } };
  let simulation = run(newSimulation(), 120, rules, { spec });
  for (const revision of ['bbb', 'ccc', 'ddd']) {
    simulation = run(simulation, 400, rules, { revision, spec });
    expect(simulation.world.engines.map((engine) => engine.revision)).toEqual([revision, revision]);
    expect(simulation.status?.replicas).toBe(2);
  }
});

test('6. a deleted engine’s data goes with it (llm-d WVA #368: metrics of deleted pods made sizes oscillate)', () => {
  const before = of([ready('a', quiet), ready('b', quiet), ready('gone', full)]);
  const leaving = of([
    ready('a', quiet),
    ready('b', quiet),
    { ...ready('gone', full), lifecycle: 'Terminating' },
  ]);
  expect(before.decision.size.inputs).toMatchObject({ ready: 3, waiting: 9, running: 32 });
  expect(leaving.decision.size.inputs).toMatchObject({ ready: 2, waiting: 0, running: 0 });
});

describe('7. somebody else writes the size (production-stack reverted kubectl scale; aibrix #1661)', () => {
  const scaledByHand = (replicas: number): FleetSnapshot =>
    fleetSnapshot(readyEngines(replicas, quiet), {
      replicaSets: [replicaSet('aaa', replicas, { scaledBy: { manager: 'kubectl', atMs: secondsAgo(10) } })],
    });

  test('one kubectl scale of the ReplicaSet is a person’s: adopted as a floor, not reverted', () => {
    const { decision, actions } = outcome(scaledByHand(5));
    expect(decision.manualFloor).toMatchObject({ replicas: 5, source: 'ReplicaSet' });
    expect(decision.size).toMatchObject({ action: 'Hold', desired: 5, carriedOut: true });
    expect(actions).toEqual([]);
  });

  test('an HPA is reported and not fought', () => {
    const fought = outcome(fleetSnapshot(readyEngines(3, full), { autoscalers: ['keda-hpa-chat'] }));
    expect(condition(fought, 'ConflictingAutoscaler')).toBe('True');
    expect(condition(fought, 'ScalingActive')).toBe('False');
    expect(fought.decision.size.carriedOut).toBe(false);
    expect(fought.actions).toEqual([]);
  });

  test('a program that keeps writing is reported and not fought', () => {
    let memory = { ...recallMemory(scaledByHand(2), NOW), scaling: watchedForAnHour() };
    const decisions = [2, 6, 3].map((replicas, index) => {
      const atMs = NOW + index * 60_000;
      const written = replicaSet('aaa', replicas, { scaledBy: { manager: 'autoscaler', atMs } });
      const snapshot = fleetSnapshot(readyEngines(replicas, quiet), { replicaSets: [written] });
      const decided = decideFleet(snapshot, memory, atMs);
      memory = decided.memory;
      return { conflict: decided.decision.conflict?.reason, actions: planFleet(snapshot, decided.decision) };
    });
    expect(decisions).toEqual([
      { conflict: undefined, actions: [] },
      { conflict: undefined, actions: [] },
      { conflict: 'ForeignWrites', actions: [] },
    ]);
  });
});

const FIXTURES = join(import.meta.dirname, 'fixtures', 'engine-pages');

function page(name: string): EngineSample {
  const result = scanPage(readFileSync(join(FIXTURES, name)));
  if (!result.ok) throw new Error(`${name}: ${result.message}`);
  return result.sample;
}

test('8. a counter that an engine’s restart reset is not a negative rate', () => {
  const loaded = page('after_load.prom');
  const fresh = page('idle_fresh.prom');
  const read = (sample: EngineSample): number | undefined => sample.generationTokens;
  expect(read(loaded)).toBeGreaterThan(read(fresh) ?? Infinity);
  const { samples } = [loaded, fresh, fresh].reduce(
    (history, sample, index) => append(history, { atMs: NOW + index * 5000, sample }),
    EMPTY_HISTORY,
  );
  expect(rate(samples, read)).toBeGreaterThanOrEqual(0);
});

describe('9. a metric was renamed (gpu_cache_usage_perc became kv_cache_usage_perc)', () => {
  test.each([
    ['0.8.5.post2-v0/load_1.prom', 'vllm:gpu_cache_usage_perc'],
    ['load_kvpressure_5.prom', 'vllm:kv_cache_usage_perc'],
  ])('the page %s with %s tells its KV usage', (name, family) => {
    const text = readFileSync(join(FIXTURES, name), 'utf8');
    const value = text
      .split('\n')
      .find((line) => line.startsWith(`${family}{`))
      ?.split(' ')
      .at(-1);
    expect(page(name).kvCacheUsage).toBe(Number(value));
  });

  test('a name that nobody knows is reported as missing, with its reason, and is not a zero', () => {
    const text = readFileSync(join(FIXTURES, 'after_load.prom'), 'utf8');
    const renamed = scanPage(Buffer.from(text.replaceAll('kv_cache_usage_perc', 'kv_fill_ratio')));
    expect(renamed).toMatchObject({ ok: true, sample: { kvCacheUsage: undefined } });
    expect(renamed.ok && renamed.sample.notObservable).toHaveProperty('kvCacheUsage');
    const { decision } = of([ready('a', { running: 0, waiting: 0 }), ready('b', { running: 0, waiting: 0 })]);
    expect(decision.size).toMatchObject({ action: 'Hold', desired: 2 });
  });
});
