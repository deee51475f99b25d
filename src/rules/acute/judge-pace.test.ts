import { describe, expect, test } from 'vitest';
import { engineThatFares, type Fare } from '../../../test/builders/acute-fleet.ts';
import { CONTEXT } from '../../../test/builders/acute.ts';
import { NOW, secondsAgo } from '../../../test/builders/engines.ts';
import type { Verdict } from '../verdict.ts';
import { judgeAcute } from './judge-acute.ts';

const PEER: Fare = { msBetweenTokens: 12 };
const SLOW: Fare = { msBetweenTokens: 31 };

function said(...fares: readonly Fare[]): readonly Verdict[] {
  const fleet = fares.map((fare, index) => engineThatFares(`engine-${index}`, fare));
  return judgeAcute(fleet, CONTEXT, NOW).verdicts;
}

test('an engine that takes more than twice as long for a token as its peers is a straggler, with its node', () => {
  expect(said(SLOW, PEER, { msBetweenTokens: 11 }, { msBetweenTokens: 14 })).toEqual([
    {
      uid: 'uid-engine-0',
      engine: 'engine-0',
      signature: 'Straggler',
      state: 'Proved',
      confidence: 'Medium',
      sinceMs: secondsAgo(600),
      reason: 'SlowerThanItsPeers',
      message:
        '31 ms between tokens since 2026-03-02T09:50:00Z (180000 of them), where 3 engines of its revision with no less load take 12 ms; it runs on node node-of-engine-0',
    },
  ]);
});

test('several that are as slow are told to people: it may be their kind of node, or what they are sent', () => {
  const verdicts = said(SLOW, SLOW, PEER, PEER, PEER, PEER);
  expect(verdicts).toMatchObject([
    { engine: 'engine-0', state: 'Noted', reason: 'SeveralAreSlow' },
    { engine: 'engine-1', state: 'Noted', reason: 'SeveralAreSlow' },
  ]);
});

describe('no straggler is', () => {
  const cases: readonly (readonly [what: string, fares: readonly Fare[]])[] = [
    ['an engine less than twice as slow', [{ msBetweenTokens: 23 }, PEER, PEER, PEER]],
    ['one that runs more at once than its peers', [{ ...SLOW, running: 30 }, PEER, PEER, PEER]],
    ['one that is sent longer prompts', [{ ...SLOW, promptTokensPerSecond: 1000 }, PEER, PEER, PEER]],
    ['one with longer contexts', [{ ...SLOW, kvCacheUsage: 0.9 }, PEER, PEER, PEER]],
    ['one that was slow for half of the time', [{ ...SLOW, earlierMs: 12 }, PEER, PEER, PEER]],
    ['one that was slow until a moment ago', [{ msBetweenTokens: 12, earlierMs: 90 }, PEER, PEER, PEER]],
    ['one with few tokens', [{ ...SLOW, tokensPerSecond: 3 }, PEER, PEER, PEER]],
    ['one with a single peer', [SLOW, PEER]],
    ['one of another revision', [{ ...SLOW, told: { revision: 'bbb' } }, PEER, PEER, PEER]],
    [
      'one that started a quarter of an hour ago',
      [{ ...SLOW, told: { readyAtMs: secondsAgo(900) } }, PEER, PEER, PEER],
    ],
    ['one that drains', [{ ...SLOW, told: { serving: 'draining' } }, PEER, PEER, PEER]],
  ];
  test.each(cases)('%s', (_what, fares) => {
    expect(said(...fares)).toEqual([]);
  });
});
