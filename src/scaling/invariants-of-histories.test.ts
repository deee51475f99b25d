import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inSeconds, NOW } from '../../test/builders/engines.ts';
import { histories, playHistory, type History, type Turn } from '../../test/builders/histories.ts';
import { FAST_UP, SLOW_DOWN } from '../../test/builders/scaling.ts';
import { decideSize, freshMemory } from './decide-size.ts';
import type { Proposal } from './types.ts';

const RUNS = { numRuns: 8 };
const WINDOWS = { up: 60, down: 120 };
/** Windows short enough that a quarter of an hour holds several of them. */
const SHORT = {
  settings: {
    behavior: {
      scaleUp: { ...FAST_UP, stabilizationWindowSeconds: WINDOWS.up },
      scaleDown: { ...SLOW_DOWN, stabilizationWindowSeconds: WINDOWS.down },
    },
  },
};

/** @param watch begins to look at the passes of one history */
function inEachHistory(watch: () => (turn: Turn) => void, circumstances: Partial<History> = {}): void {
  const property = fc.property(histories, ({ settings, ...history }) =>
    playHistory(
      { ...history, ...circumstances, settings: { ...settings, ...circumstances.settings } },
      watch(),
    ),
  );
  fc.assert(property, RUNS);
}

function inEachPass(see: (turn: Turn) => void, circumstances?: Partial<History>): void {
  inEachHistory(() => see, circumstances);
}

const demandOf = ({ decision }: Turn): Proposal | undefined =>
  decision.proposals.find(({ signal }) => signal === 'Demand');

test('in histories like these Demand speaks most of the time, decides often, and asks for more, as many and fewer', () => {
  const turns: Turn[] = [];
  for (const history of fc.sample(histories, { numRuns: 12, seed: 7 })) {
    playHistory(history, (turn) => turns.push(turn));
  }
  const spoke = turns.map(demandOf).filter((proposal) => proposal?.kind === 'Size');
  const decided = turns.filter(({ decision }) => decision.message.startsWith('Demand asks'));
  expect(spoke.length).toBeGreaterThan(turns.length * 0.5);
  expect(decided.length).toBeGreaterThan(turns.length * 0.4);
  const reasons = new Set(spoke.map(({ reason }) => reason));
  expect(reasons).toContain('DemandOverCapacity');
  expect(reasons).toContain('DemandUnderCapacity');
  expect(reasons).toContain('DemandMet');
  expect(turns.some(({ decision }) => decision.action === 'Shrink')).toBe(true);
});

test('the size is within the bounds after every pass', () => {
  inEachPass(({ decision, input: { settings } }) => {
    expect(decision.desired).toBeGreaterThanOrEqual(settings.minReplicas);
    expect(decision.desired).toBeLessThanOrEqual(settings.maxReplicas);
  });
});

test('the bounds are those of the schedule that holds at the time', () => {
  const schedules = [
    { cron: '*/4 * * * *', timeZone: 'UTC', minReplicas: 6, maxReplicas: 8 },
    { cron: '2-59/4 * * * *', timeZone: 'UTC', minReplicas: 2, maxReplicas: 4 },
  ];
  inEachPass(
    ({ decision: { desired }, nowMs }) => {
      const minute = Math.floor((nowMs - NOW) / 60_000);
      const [least, most] = minute % 4 < 2 ? [6, 8] : [2, 4];
      expect(desired).toBeGreaterThanOrEqual(least);
      expect(desired).toBeLessThanOrEqual(most);
    },
    { settings: { schedules } },
  );
});

test('a manual floor is kept as long as it holds, and the fleet may shrink below it afterwards', () => {
  const floor = { replicas: 5, untilMs: inSeconds(300) };
  let smallest = Infinity;
  playHistory({ ...SHORT, floor, startsWith: 6, chapters: [{ rate: 2, passes: 50 }] }, ({ decision }) => {
    smallest = Math.min(smallest, decision.desired);
  });
  expect(smallest).toBeLessThan(floor.replicas);
  inEachPass(
    ({ decision, nowMs }) => {
      const least = nowMs < floor.untilMs ? floor.replicas : 1;
      expect(decision.desired).toBeGreaterThanOrEqual(least);
    },
    { ...SHORT, floor },
  );
});

test('nothing is removed in a pass that misses a page', () => {
  inEachPass(({ decision, input: { current } }) => {
    const least = decision.inputs.missing > 0 ? current : 1;
    expect(decision.desired).toBeGreaterThanOrEqual(least);
  }, SHORT);
});

test('no flip: what was grown is not shrunk within the down window, what was shrunk is not grown within the up window', () => {
  inEachHistory(() => {
    let last: { readonly atMs: number; readonly action: string } | undefined;
    return ({ decision: { action }, nowMs }) => {
      const windowSeconds = action === 'Shrink' ? WINDOWS.down : WINDOWS.up;
      const turnedAtMs = action === 'Hold' || last?.action === action ? undefined : last?.atMs;
      const sinceMs = nowMs - (turnedAtMs ?? -Infinity);
      expect(sinceMs).toBeGreaterThanOrEqual(windowSeconds * 1000);
      if (action !== 'Hold') last = { atMs: nowMs, action };
    };
  }, SHORT);
});

test('a new leader shrinks nothing before it has watched for a whole window, whatever the last one knew', () => {
  inEachPass(({ input, nowMs, memory }) => {
    for (const seconds of [0, 60, WINDOWS.down - 1]) {
      const fresh = { ...memory, watchingSinceMs: nowMs - seconds * 1000, recommendedAtMs: new Map() };
      expect(decideSize(input, fresh, nowMs).decision.desired).toBeGreaterThanOrEqual(input.current);
    }
    expect(decideSize(input, freshMemory(nowMs), nowMs).decision.desired).toBeGreaterThanOrEqual(
      input.current,
    );
  }, SHORT);
});

function refuse(): never {
  throw new TypeError('a map of the input was changed');
}

/** Deeply: whoever changes anything of it gets an error. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const inside of value.values()) frozen(inside);
    for (const name of ['set', 'delete', 'clear']) Object.defineProperty(value, name, { value: refuse });
  }
  for (const inside of Object.values(value)) frozen(inside);
  return Object.freeze(value);
}

test('the same input, memory and time decide the same again, and nothing of them is changed', () => {
  inEachPass(({ input, memory, nowMs, decision }) => {
    const again = decideSize(frozen(input), frozen(memory), nowMs);
    expect(again.decision).toEqual(decision);
    expect(decideSize(input, memory, nowMs)).toEqual(again);
  });
});
