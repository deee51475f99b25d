import { expect, test } from 'vitest';
import { inSeconds } from '../../../test/builders/engines.ts';
import { engineAt, pageOf } from '../../../test/builders/pages.ts';
import { scalingInput } from '../../../test/builders/scaling.ts';
import { fleetLoad } from '../fleet-load.ts';
import { FRESH_DEMAND } from './memory.ts';
import { observeDemand, type DemandView } from './observe.ts';

/** An engine at a time after its start: how many requests it runs, has ended, and the tokens of both. */
const COURSE = [
  { second: 0, running: 0, ended: 0, generated: 0 },
  { second: 5, running: 200, ended: 1, generated: 4665 },
  { second: 15, running: 250, ended: 40, generated: 21_000 },
  { second: 30, running: 250, ended: 400, generated: 110_000 },
] as const;

test('a few requests that ended among many that go on tell no mean: their tokens are those of all', () => {
  let view: DemandView = { memory: FRESH_DEMAND };
  const means = COURSE.map(({ second, running, ended, generated }) => {
    const nowMs = inSeconds(second);
    const histograms = {
      ttft: { count: running + ended, sum: 1, bounds: [Infinity], cumulative: [running + ended] },
    };
    const page = pageOf({
      running,
      promptTokens: 500 * (running + ended),
      generationTokens: generated,
      requests: { stop: ended },
      histograms,
    });
    const input = scalingInput([engineAt('a', nowMs, page)]);
    view = observeDemand(view.memory, input, fleetLoad(input.engines, 1800, nowMs), nowMs);
    return view.seen?.request.generatedTokens;
  });
  expect(means).toEqual([undefined, undefined, undefined, 275]);
});
