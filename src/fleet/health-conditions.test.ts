import { describe, expect, test } from 'vitest';
import { fleetDecision, sizeDecision, WELL } from '../../test/builders/decisions.ts';
import { NOW, ready } from '../../test/builders/engines.ts';
import { fleet, fleetSnapshot } from '../../test/builders/fleets.ts';
import { sickBy, verdictOf } from '../../test/builders/sick.ts';
import { buildConditions } from './conditions.ts';
import type { Health } from './health.ts';
import { healthSentences } from './health-lines.ts';

const HALT = { reason: 'ManyAtOnce', message: '3 of 6 engines were suspected within 10 min' } as const;

function scene(health: Partial<Health>, remediation: object = {}) {
  const snapshot = fleetSnapshot([ready('a'), ready('b')], { fleet: fleet({ remediation }) });
  return {
    snapshot,
    decision: fleetDecision(snapshot, sizeDecision(2, 2), { health: { ...WELL, ...health } }),
  };
}

function condition(type: string, health: Partial<Health>, remediation?: object): string | undefined {
  const { snapshot, decision } = scene(health, remediation);
  const found = buildConditions(snapshot, decision, NOW).find((one) => one.type === type);
  return found && `${found.status} ${found.reason}: ${found.message}`;
}

const wedged = verdictOf('a');
const suspected = verdictOf('b', { state: 'Suspected' });
const killed = verdictOf('b', { signature: 'OOMKilled', state: 'Noted', message: 'it was killed' });
const crashing = verdictOf('b', { signature: 'CrashLoop', state: 'Noted', message: '5 restarts' });
const sick = sickBy({ a: 'Dead' });

describe('EngineUnhealthy', () => {
  test.each<[what: string, health: Partial<Health>, told: string]>([
    ['nothing is seen', {}, 'False NoFinding: no engine shows a signature'],
    [
      'only a suspicion',
      { verdicts: [suspected] },
      'False NothingProved: nothing is proved, see status.findings',
    ],
    ['only a note', { verdicts: [killed] }, 'False NothingProved: nothing is proved, see status.findings'],
    [
      'a proof, with what is done',
      { verdicts: [wedged], sick },
      'True Wedged: a: no engine step since 09:57:30; it is replaced next',
    ],
    [
      'the worst of several; the others are counted',
      { verdicts: [suspected, killed, wedged], sick },
      'True Wedged: a: no engine step since 09:57:30; it is replaced next; 2 more findings',
    ],
    [
      'what is grave though the kubelet heals it',
      { verdicts: [crashing] },
      'True CrashLoop: b: 5 restarts; the kubelet restarts it again and again; read its log (kubectl logs --previous)',
    ],
  ])('%s', (_what, health, told) => {
    expect(condition('EngineUnhealthy', health)).toBe(told);
  });
});

describe('RemediationHalted', () => {
  test.each<[what: string, health: Partial<Health>, remediation: object, told: string]>([
    ['not', {}, {}, 'False NotHalted: engines that are proved sick are replaced'],
    ['by the breaker', { halt: HALT }, {}, `True ManyAtOnce: ${HALT.message}`],
    [
      'it says so when nothing would be done anyway',
      {},
      { mode: 'Advisory' },
      'False Advisory: remediation.mode is Advisory',
    ],
    ['nor looked for', {}, { mode: 'Off' }, 'False Off: remediation.mode is Off'],
  ])('%s', (_what, health, remediation, told) => {
    expect(condition('RemediationHalted', health, remediation)).toBe(told);
  });
});

describe('the sentences of kubectl describe', () => {
  const sentences = (health: Partial<Health>): readonly string[] => {
    const { snapshot, decision } = scene(health);
    return healthSentences(snapshot, decision);
  };

  test('nothing while nothing is wrong, or is only to be known', () => {
    const leak = verdictOf('a', { signature: 'HostMemoryLeak', state: 'Suspected' });
    expect(sentences({ verdicts: [leak] })).toEqual([]);
  });

  test('the halt first, then the two worst findings, and how many more', () => {
    expect(sentences({ verdicts: [killed, suspected, wedged], sick, halt: HALT })).toEqual([
      `Remediation halted (ManyAtOnce): ${HALT.message}.`,
      'Wedged (Proved): a: no engine step since 09:57:30; it is replaced next.',
      'Wedged (Suspected): b: no engine step since 09:57:30; nothing (ManyAtOnce): see RemediationHalted.',
      '1 more finding, see status.findings.',
    ]);
  });
});
