import { describe, expect, test } from 'vitest';
import type { Outcome, Summary } from './summary.ts';
import { judge } from './verdict.ts';

const NONE = { p50: 0, p95: 0, p99: 0 };

function summary(policy: string, goodShare: number, replicaHours: number, sizeChangesPerHour = 0): Summary {
  const bad = Math.round(1000 * (1 - goodShare));
  return {
    policy,
    goodShare,
    bad,
    blame: { tooFew: bad, starting: 0, enough: 0 },
    replicaHours,
    sizeChangesPerHour,
    abandonedShare: 0,
    peakReplicas: 1,
    ttft: NONE,
    tpot: NONE,
  };
}

function outcome(summaries: readonly Summary[]): Outcome {
  return {
    scenario: 'steady',
    cell: 'base',
    seeds: 1,
    requests: 1000,
    attainableShare: 1,
    seatsPerEngine: 1,
    oracleFactor: 1,
    summaries: [...summaries, summary('oracle', 1, 10)],
  };
}

function reached(...summaries: readonly Summary[]): readonly boolean[] {
  return judge([outcome(summaries)], () => true).map((finding) => finding.reached);
}

describe('the targets', () => {
  test('are reached by half the bad requests of the best peer, close to the oracle, in few changes', () => {
    expect(reached(summary('vllm-warden', 0.96, 12, 6), summary('HPA on KV', 0.92, 12))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test('are missed by a peer that is better and cheaper, and by none that is only one of the two', () => {
    expect(reached(summary('vllm-warden', 0.96, 12), summary('WVA v1', 0.97, 11.9))[0]).toBe(false);
    expect(reached(summary('vllm-warden', 0.96, 12), summary('WVA v1', 0.97, 12))[0]).toBe(true);
    expect(reached(summary('vllm-warden', 0.96, 12), summary('WVA v1', 0.96, 1))[0]).toBe(true);
  });

  test('are missed with more than half the bad requests, or with more replica-hours than the best peer', () => {
    expect(reached(summary('vllm-warden', 0.95, 11), summary('WVA v1', 0.91, 12))[1]).toBe(false);
    expect(reached(summary('vllm-warden', 0.99, 12.1), summary('WVA v1', 0.91, 12))[1]).toBe(false);
  });

  test('are missed away from the oracle, and by restlessness', () => {
    expect(reached(summary('vllm-warden', 0.94, 10))[2]).toBe(false);
    expect(reached(summary('vllm-warden', 0.99, 12.1))[2]).toBe(false);
    expect(reached(summary('vllm-warden', 0.99, 10, 6.1))[3]).toBe(false);
  });

  test('do not count the peer that is told the load', () => {
    expect(
      reached(
        summary('vllm-warden', 0.96, 12),
        summary('KEDA on seats', 0.99, 10),
        summary('WVA v1', 0.9, 12),
      ),
    ).toEqual([true, true, true, true]);
  });
});
