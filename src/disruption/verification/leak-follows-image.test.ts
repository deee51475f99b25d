import { expect, test } from 'vitest';
import { HOUR, NOW_MS, restartOf } from '../../../test/builders/leaks.ts';
import { leaksOfImages } from './leak-follows-image.ts';
import type { RestartRecord } from './restarts.ts';

const of021 = (name: string, hours: number, overrides: Partial<RestartRecord> = {}): RestartRecord =>
  restartOf(name, NOW_MS + hours * HOUR, {
    image: 'vllm/vllm-openai:v0.21.0',
    version: '0.21.0',
    perRequest: 90,
    perHour: 48_600_000,
    ...overrides,
  });

test('three leaks of one image are the image’s, with what a request takes and the issue that fits', () => {
  const restarts = [of021('a', 0, { perRequest: 85 }), of021('b', 12), of021('c', 24, { perRequest: 100 })];
  expect(leaksOfImages(restarts.slice(0, 2), [])).toEqual([]);
  expect(leaksOfImages(restarts, [])).toEqual([
    {
      signature: 'HostMemoryLeak',
      state: 'Noted',
      severity: 'Warning',
      confidence: 'High',
      since: '2026-03-03T10:00:00.000Z',
      reason: 'LeakFollowsImage',
      message:
        'the leak follows the image: 3 engines of vllm/vllm-openai:v0.21.0 (vLLM 0.21.0) leaked, by 90 B a request in the median; it matches https://github.com/vllm-project/vllm/issues/44175: the scheduler keeps the ids of new KV blocks of each request, about 90 B',
      action: 'what helps: vLLM 0.25 or newer (#44490); until then each engine is replaced in time',
    },
  ]);
});

test('nothing is claimed where no issue fits', () => {
  const restarts = ['a', 'b', 'c'].map((name, i) => of021(name, i, { perRequest: 40_000 }));
  expect(leaksOfImages(restarts, [])).toMatchObject([
    { message: expect.not.stringContaining('matches'), action: expect.stringContaining('report the leak') },
  ]);
});

test('leaks of several images, of two kinds, and what is no leak do not add up', () => {
  const restarts = [
    of021('a', 0),
    of021('b', 1),
    of021('c', 2, { image: 'vllm/vllm-openai:v0.22.0' }),
    of021('d', 3, { signature: 'KVBlockLeak' }),
    of021('e', 4, { signature: 'Wedged' }),
  ];
  expect(leaksOfImages(restarts, [])).toEqual([]);
});
