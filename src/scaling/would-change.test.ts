import { expect, test } from 'vitest';
import { inSeconds, loading, NOW, readyEngines } from '../../test/builders/engines.ts';
import { scalingInput, watchedForAnHour } from '../../test/builders/scaling.ts';
import { decideSize } from './decide-size.ts';
import type { ScalingInput } from './types.ts';

const cases: readonly (readonly [when: string, input: ScalingInput, sentence: string])[] = [
  [
    'between the bounds it gives both numbers to look at',
    scalingInput(readyEngines(4, { kvCacheUsage: 0.7 })),
    'grows when 3 of 4 ready engines have more than 5 waiting, or mean KV usage exceeds 0.88; ' +
      'shrinks when mean KV usage stays below 0.60 for 300 s with fewer than 2 waiting an engine',
  ],
  [
    'an engine that starts puts the queue rule off',
    scalingInput([...readyEngines(2), loading('c')], { minReplicas: 3 }),
    'grows when 2 of 2 ready engines have more than 5 waiting and none is starting, or mean KV usage exceeds 0.88; ' +
      'cannot shrink: minReplicas is 3',
  ],
  [
    'a large fleet shrinks only outside the tolerance',
    scalingInput(readyEngines(20), { maxReplicas: 20 }),
    'cannot grow: maxReplicas is 20; ' +
      'shrinks when mean KV usage stays below 0.72 for 300 s with fewer than 2 waiting an engine',
  ],
  [
    'a manual floor is named as what holds the size',
    scalingInput(readyEngines(3), { maxReplicas: 3, manualFloor: { replicas: 3, untilMs: inSeconds(60) } }),
    'cannot grow: maxReplicas is 3; cannot shrink: manual floor is 3',
  ],
  [
    'without a ready engine there is nothing to judge',
    scalingInput([loading('a'), loading('b')]),
    'can grow once an engine is ready and tells its load; can shrink once two engines are ready',
  ],
  [
    'a paused fleet waits for its user',
    scalingInput(readyEngines(3), { mode: 'Paused' }),
    'nothing, while scaling.mode is Paused',
  ],
];

test.each(cases)('%s', (_when, input, sentence) => {
  expect(decideSize(input, watchedForAnHour(), NOW).decision.wouldChange).toBe(sentence);
});
