import { expect, test } from 'vitest';
import { fleet } from '../../test/builders/fleets.ts';
import { Chronicle } from './chronicle.ts';

test('each thing is told once, however its numbers move; an outcome that changes is told anew', () => {
  const chronicle = new Chronicle();
  const planned = (limit: string): ReturnType<typeof fleet> =>
    fleet(
      {},
      {
        remediation: { plan: [`a (HostMemoryLeak): now; its limit may be reached at ${limit}`] },
      },
    );
  expect(chronicle.observe(planned('10:05'))).toEqual([
    'booked: a (HostMemoryLeak): now; its limit may be reached at 10:05',
  ]);
  expect(chronicle.observe(planned('10:06'))).toEqual([]);
  const restarted = (end: string): ReturnType<typeof fleet> =>
    fleet({}, { remediation: { restarts: [`a was replaced: ${end}`] } });
  expect(chronicle.observe(restarted('pending'))).toEqual(['recorded: a was replaced: pending']);
  expect(chronicle.observe(restarted('it helped'))).toEqual(['recorded: a was replaced: it helped']);
});
