import { describe, expect, test } from 'vitest';
import { claimOn, fleetWith } from '../../test/builders/claims.ts';
import { fleetDecision, sizeDecision, WELL } from '../../test/builders/decisions.ts';
import { inSeconds, ready, secondsAgo, unready } from '../../test/builders/engines.ts';
import { fleetSnapshot } from '../../test/builders/fleets.ts';
import { sickBy, verdictOf } from '../../test/builders/sick.ts';
import type { Disruption, Finding } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { Verdict } from '../rules/verdict.ts';
import { buildFindings } from './findings.ts';
import type { Blocked } from './begin-replaces.ts';
import type { Health } from './health.ts';

const [a, b, c] = [ready('a'), ready('b'), ready('c')];

interface Scene {
  readonly engines?: readonly EngineSnapshot[];
  readonly claims?: readonly Disruption[];
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly health?: Partial<Health>;
  readonly progress?: string;
  readonly blocked?: Blocked;
}

function findings(verdicts: readonly Verdict[], scene: Scene = {}): readonly Finding[] {
  const { engines = [a, b, c], claims = [], spec = {}, health = {}, progress, blocked } = scene;
  const snapshot = fleetSnapshot(engines, { fleet: fleetWith(spec, claims) });
  const decision = fleetDecision(snapshot, sizeDecision(3, 3), { health: { ...WELL, ...health, verdicts } });
  const disruption = {
    ...decision.disruption,
    progress: new Map(progress === undefined ? [] : [['uid-a', progress]]),
    ...(blocked !== undefined && { blocked }),
  };
  return buildFindings(snapshot, { ...decision, disruption });
}

const action = (verdict: Partial<Verdict>, scene?: Scene): string | undefined =>
  findings([verdictOf('a', verdict)], scene)[0]?.action;

const suspected = { state: 'Suspected' } as const;
const leak = { signature: 'HostMemoryLeak' } as const;

test('a finding says what, since when, how sure, and what is done about it', () => {
  expect(findings([verdictOf('a')])).toEqual([
    {
      signature: 'Wedged',
      engine: 'a',
      state: 'Proved',
      severity: 'Critical',
      confidence: 'High',
      since: new Date(secondsAgo(150)).toISOString(),
      reason: 'WedgedProbeUnanswered',
      message: 'no engine step since 09:57:30',
      action: 'it is replaced next',
    },
  ]);
});

describe('what is done about it', () => {
  const isolate = claimOn(a, { command: 'Isolate', cause: 'Suspected', step: 'Isolated' });
  const replace = claimOn(a, { command: 'Replace', cause: 'Dead', step: 'Removing' });
  const booking = {
    uid: 'uid-a',
    engine: 'a',
    signature: 'HostMemoryLeak',
    atMs: inSeconds(3600),
    latestMs: inSeconds(7200),
    isUrgent: false,
    reason: 'Trough',
    message: '',
  } as const;
  const halted = (reason: 'ManyAtOnce' | 'ReplacementsFail'): Scene => ({
    health: { halt: { reason, message: 'many' } },
  });

  test.each<[what: string, verdict: Partial<Verdict>, scene: Scene, told: string]>([
    ['it is isolated', suspected, { claims: [isolate] }, 'it gets no requests until that is proved or over'],
    [
      'it is isolated, proved, and waits',
      {},
      { claims: [isolate], progress: 'it gets no requests, another engine is replaced first' },
      'it gets no requests, another engine is replaced first',
    ],
    [
      'it is being replaced',
      {},
      { claims: [replace], progress: 'it is deleted at once' },
      'it is being replaced: it is deleted at once',
    ],
    ['it is being replaced, and goes a step on', {}, { claims: [replace] }, 'it is being replaced: Removing'],
    [
      'it cannot be isolated',
      suspected,
      {},
      'it is watched, and stays in the Service: too few others serve, or others are out',
    ],
    ['it is out of the Service by itself', suspected, { engines: [unready('a'), b, c] }, 'it is watched'],
    ['a straggler is never isolated', { ...suspected, signature: 'Straggler' }, {}, 'it is watched'],
    [
      'it waits for something',
      {},
      { blocked: { reason: 'RestartLimit', message: 'a is not replaced: 6 were' } },
      'it waits to be replaced: a is not replaced: 6 were',
    ],
    [
      'Advisory',
      {},
      { spec: { remediation: { mode: 'Advisory' } } },
      'remediation.mode is Advisory, so no engine is touched; the annotation vllm.warden.dev/replace replaces it',
    ],
    ['suspended', {}, { spec: { suspend: true } }, 'spec.suspend is set, so no engine is touched'],
    ['a leak is suspected', { ...leak, ...suspected }, {}, 'it is watched'],
    ['a leak is proved', leak, {}, 'its replacement is about to be booked'],
    [
      'a leak is booked',
      leak,
      { health: { bookings: [booking] } },
      'its replacement is booked for 2026-03-02 11:00:00 UTC',
    ],
    [
      'a leak is due, and its replacement is blocked',
      leak,
      {
        health: { bookings: [booking], sick: sickBy({ a: 'Leak' }) },
        blocked: { reason: 'RestartLimit', message: 'a is not replaced: 6 were' },
      },
      'it waits to be replaced: a is not replaced: 6 were',
    ],
    ['the breaker is open', {}, halted('ManyAtOnce'), 'nothing (ManyAtOnce): see RemediationHalted'],
    [
      'the breaker is open, and this one is proved dead',
      {},
      { health: { halt: { reason: 'ManyAtOnce', message: 'many' }, sick: sickBy({ a: 'Dead' }) } },
      'it is replaced next',
    ],
    [
      'a leak has nothing to do with many at once',
      leak,
      halted('ManyAtOnce'),
      'its replacement is about to be booked',
    ],
    [
      'no replacement helps',
      leak,
      halted('ReplacementsFail'),
      'nothing (ReplacementsFail): see RemediationHalted',
    ],
    [
      'the kubelet heals it',
      { signature: 'OOMKilled', state: 'Noted' },
      {},
      'the kubelet has restarted it; raise resources.limits.memory, or find what grows (HostMemoryLeak)',
    ],
    [
      'the kubelet cannot heal it',
      { signature: 'CrashLoop', state: 'Noted' },
      {},
      'the kubelet restarts it again and again; read its log (kubectl logs --previous)',
    ],
    ['it is to be known', { state: 'Noted' }, {}, 'look at its log'],
  ])('%s', (_what, verdict, scene, told) => {
    expect(action(verdict, scene)).toBe(told);
  });
});

test.each<[verdict: Partial<Verdict>, severity: Finding['severity']]>([
  [{ signature: 'EngineDead' }, 'Critical'],
  [{ signature: 'SharedMemoryLeftOver' }, 'Critical'],
  [{ signature: 'HostMemoryLeak' }, 'Warning'],
  [{ signature: 'Straggler' }, 'Warning'],
  [suspected, 'Warning'],
  [{ ...leak, ...suspected }, 'Info'],
  [{ signature: 'CrashLoop', state: 'Noted' }, 'Critical'],
  [{ signature: 'OOMKilled', state: 'Noted' }, 'Warning'],
])('how grave it is: %o is %s', (verdict, severity) => {
  expect(findings([verdictOf('a', verdict)])[0]?.severity).toBe(severity);
});

test('the worst come first, and at most twenty', () => {
  const verdicts = [
    verdictOf('z', { ...leak, ...suspected }),
    verdictOf('c', suspected),
    verdictOf('b', leak),
    verdictOf('b', { signature: 'EngineDead' }),
    verdictOf('a', { signature: 'Wedged' }),
    verdictOf('a', { signature: 'Livelocked' }),
  ];
  const told = findings(verdicts).map(({ engine, signature }) => `${engine} ${signature}`);
  expect(told).toEqual([
    'a Livelocked',
    'a Wedged',
    'b EngineDead',
    'b HostMemoryLeak',
    'c Wedged',
    'z HostMemoryLeak',
  ]);
  const many = Array.from({ length: 25 }, (_, index) => verdictOf(`e${String(index).padStart(2, '0')}`));
  expect(findings(many).map(({ engine }) => engine)).toEqual(many.slice(0, 20).map(({ engine }) => engine));
});

test('what is wrong with the image stands beside what is wrong with engines', () => {
  const ofImage: Finding = {
    signature: 'HostMemoryLeak',
    state: 'Proved',
    severity: 'Warning',
    confidence: 'High',
    since: new Date(secondsAgo(60)).toISOString(),
    reason: 'LeakFollowsImage',
    message: 'three engines leaked',
    action: 'another version',
  };
  expect(findings([verdictOf('a', suspected)], { health: { ofImage: [ofImage] } })[0]).toEqual(ofImage);
});

test('texts are cut to what a status takes', () => {
  const [finding] = findings([verdictOf('a', { message: 'x'.repeat(2000) })], {
    blocked: { reason: 'NoRoom', message: 'y'.repeat(2000) },
  });
  expect([finding?.message.length, finding?.action.length]).toEqual([1024, 512]);
});
