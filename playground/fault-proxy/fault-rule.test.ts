import { expect, test } from 'vitest';
import { FaultRules, matches, type SeenRequest } from './fault-rule.ts';

const list: SeenRequest = { method: 'GET', path: '/api/v1/pods?limit=500', watch: false };
const watch: SeenRequest = { method: 'GET', path: '/api/v1/pods?watch=true', watch: true };

test.each([
  ['no condition matches everything', {}, [true, true]],
  ['by method', { method: 'PATCH' }, [false, false]],
  ['by path and query', { path: /pods\?limit/ }, [true, false]],
  ['only watches', { watch: true }, [false, true]],
  ['only what is not a watch', { watch: false, method: 'GET' }, [true, false]],
])('%s', (_, rule, expected) => {
  expect([matches(rule, list), matches(rule, watch)]).toEqual(expected);
});

test('the oldest rule that matches and is not spent decides; a removed rule does not', () => {
  const rules = new FaultRules();
  const remove = rules.add({ times: 1, action: { kind: 'cut' } });
  rules.add({ watch: true, action: { kind: 'silent' } });
  expect(rules.take(list)).toEqual({ kind: 'cut' });
  expect(rules.take(list), 'the first is spent, the second is for watches').toBeUndefined();
  expect(rules.take(watch)).toEqual({ kind: 'silent' });
  remove();
  rules.add({ method: 'GET', times: 2, action: { kind: 'half-open' } });
  expect([rules.take(list), rules.take(list), rules.take(list)]).toEqual([
    { kind: 'half-open' },
    { kind: 'half-open' },
    undefined,
  ]);
  rules.clear();
  expect(rules.take(watch)).toBeUndefined();
});
