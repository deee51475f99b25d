import { describe, expect, test } from 'vitest';
import { inSeconds, NOW } from '../../test/builders/engines.ts';
import { fleet } from '../../test/builders/fleets.ts';
import { verdictOf } from '../../test/builders/sick.ts';
import type { LeakBooking } from '../disruption/booking/book-leaks.ts';
import type { Halt } from '../disruption/breaker.ts';
import type { Verdict } from '../rules/verdict.ts';
import { modeOf, sickEngines } from './sick-engines.ts';

const booked = (atMs: number, overrides: Partial<LeakBooking> = {}): LeakBooking => ({
  uid: 'uid-a',
  engine: 'a',
  signature: 'HostMemoryLeak',
  atMs,
  latestMs: inSeconds(7200),
  isUrgent: false,
  reason: 'Trough',
  message: 'at 10:00',
  ...overrides,
});

interface Scene {
  readonly remediation?: Readonly<Record<string, unknown>>;
  readonly bookings?: readonly LeakBooking[];
  readonly halt?: Halt['reason'];
}

/** `a: Dead by Wedged`. */
function sick(verdicts: readonly Verdict[], { remediation = {}, bookings = [], halt }: Scene = {}) {
  const { spec } = fleet({ remediation });
  const breaker = halt === undefined ? undefined : { reason: halt, message: 'many' };
  const found = sickEngines(verdicts, spec.remediation, bookings, breaker, NOW);
  return [...found].map(
    ([uid, { cause, signature }]) => `${uid.replace('uid-', '')}: ${cause} by ${signature}`,
  );
}

const LEAK = verdictOf('a', { signature: 'HostMemoryLeak' });

describe('what a verdict asks for', () => {
  test.each<[verdict: Partial<Verdict>, cause: string[]]>([
    [{ signature: 'Wedged' }, ['a: Dead by Wedged']],
    [{ signature: 'Deadlocked' }, ['a: Dead by Deadlocked']],
    [{ signature: 'Livelocked' }, ['a: Dead by Livelocked']],
    [{ signature: 'EngineDead' }, ['a: Dead by EngineDead']],
    [{ signature: 'EngineDead', state: 'Suspected' }, ['a: Suspected by EngineDead']],
    [{ signature: 'Wedged', state: 'Suspected' }, ['a: Suspected by Wedged']],
    [{ signature: 'Wedged', state: 'Noted' }, []],
    [{ signature: 'Straggler' }, ['a: Sick by Straggler']],
    [{ signature: 'SharedMemoryLeftOver' }, ['a: Sick by SharedMemoryLeftOver']],
    [{ signature: 'Straggler', state: 'Suspected' }, []],
    [{ signature: 'CrashLoop', state: 'Noted' }, []],
    [{ signature: 'OOMKilled', state: 'Noted' }, []],
  ])('%o: %o', (verdict, causes) => {
    expect(sick([verdictOf('a', verdict)])).toEqual(causes);
  });
});

describe('a leak is due when its booking is', () => {
  test.each<[what: string, bookings: readonly LeakBooking[], isDue: boolean]>([
    ['not booked yet', [], false],
    ['booked for later', [booked(NOW + 1)], false],
    ['booked for now', [booked(NOW)], true],
    ['another engine is booked', [booked(NOW, { uid: 'uid-b' })], false],
    ['booked for another leak', [booked(NOW, { signature: 'KVBlockLeak' })], false],
  ])('%s', (_what, bookings, isDue) => {
    expect(sick([LEAK], { bookings })).toEqual(isDue ? ['a: Leak by HostMemoryLeak'] : []);
  });

  test('one that is only suspected never is', () => {
    expect(sick([{ ...LEAK, state: 'Suspected' }], { bookings: [booked(NOW)] })).toEqual([]);
  });
});

test('of several the most urgent counts: dead, suspected, sick, leaking', () => {
  const all = [
    LEAK,
    verdictOf('a', { signature: 'Straggler' }),
    verdictOf('a', { signature: 'Livelocked', state: 'Suspected' }),
    verdictOf('a', { signature: 'Wedged' }),
  ];
  const bookings = [booked(NOW)];
  const told = [4, 3, 2, 1].map((count) => sick(all.slice(0, count), { bookings }));
  const causes = ['Dead by Wedged', 'Suspected by Livelocked', 'Sick by Straggler', 'Leak by HostMemoryLeak'];
  expect(told).toEqual(causes.map((cause) => [`a: ${cause}`]));
  expect(sick(all.toReversed(), { bookings })).toEqual(['a: Dead by Wedged']);
});

describe('modes', () => {
  const wedged = [verdictOf('a')];

  test.each<[remediation: Readonly<Record<string, unknown>>, acts: boolean]>([
    [{}, true],
    [{ mode: 'Advisory' }, false],
    [{ mode: 'Off' }, false],
    [{ mode: 'Advisory', signatures: [{ name: 'Wedged', mode: 'Auto' }] }, true],
    [{ signatures: [{ name: 'Wedged', mode: 'Advisory' }] }, false],
    [{ signatures: [{ name: 'Livelocked', mode: 'Off' }] }, true],
    [{ mode: 'Off', signatures: [{ name: 'Wedged' }] }, false],
  ])('%o', (remediation, acts) => {
    expect(sick(wedged, { remediation })).toEqual(acts ? ['a: Dead by Wedged'] : []);
  });

  test('an Advisory signature does not hide an Auto one of the same engine', () => {
    const remediation = { signatures: [{ name: 'Wedged', mode: 'Advisory' }] };
    const verdicts = [verdictOf('a'), verdictOf('a', { signature: 'Straggler' })];
    expect(sick(verdicts, { remediation })).toEqual(['a: Sick by Straggler']);
  });

  test("a signature's own mode goes before the fleet's", () => {
    const { remediation } = fleet({
      remediation: { mode: 'Off', signatures: [{ name: 'Wedged', mode: 'Advisory' }, { name: 'Straggler' }] },
    }).spec;
    expect((['Wedged', 'Straggler', 'OOMKilled'] as const).map((name) => modeOf(remediation, name))).toEqual([
      'Advisory',
      'Off',
      'Off',
    ]);
  });
});

describe('while the breaker is open', () => {
  const bookings = [booked(NOW)];

  test.each<[what: string, verdict: Verdict, halt: Halt['reason'], acts: boolean]>([
    ['what a probe has proved', verdictOf('a'), 'ManyAtOnce', true],
    ['what has only stood still for long', verdictOf('a', { confidence: 'Medium' }), 'ManyAtOnce', false],
    ['a suspicion', verdictOf('a', { state: 'Suspected' }), 'ManyAtOnce', false],
    ['a straggler', verdictOf('a', { signature: 'Straggler' }), 'ManyAtOnce', false],
    ['a leak that is due', LEAK, 'ManyAtOnce', true],
    ['what a probe has proved', verdictOf('a'), 'ReplacementsFail', false],
    ['a leak that is due', LEAK, 'ReplacementsFail', false],
  ])('%s, case %#', (_what, verdict, halt, acts) => {
    expect(sick([verdict], { halt, bookings })).toHaveLength(acts ? 1 : 0);
  });
});
