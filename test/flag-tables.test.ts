import { expect, test } from 'vitest';
import { FLAG_HISTORY } from '../src/engine/flag-history.ts';
import { SERVE_FLAGS } from '../src/simulator/server/serve-flags.ts';

test('simulated engines take the flags that the operator believes their version to take', () => {
  const shared = Object.entries(FLAG_HISTORY).flatMap(([flag, history]) => {
    const simulated = SERVE_FLAGS[flag.slice(2)];
    return simulated === undefined ? [] : [{ flag, history, simulated }];
  });
  expect(shared.length).toBeGreaterThan(15);
  expect(shared.map(({ flag, simulated: { since, until } }) => ({ flag, since, until }))).toEqual(
    shared.map(({ flag, history: { came, went } }) => ({ flag, since: came?.[1], until: went?.[0] })),
  );
});
