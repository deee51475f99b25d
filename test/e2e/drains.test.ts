import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  belowCapacityMs,
  claimDurationsMs,
  losses,
  sentAfterLeavingMs,
  tallyOf,
} from '../../benchmarks/drains/findings.ts';
import { LAG_MS, type ClientKind } from '../../benchmarks/drains/clients.ts';
import { LEASE } from '../../benchmarks/drains/kill-leaders.ts';
import { playActs, type Played, type PlayedAct } from '../../benchmarks/drains/play.ts';
import { programmeOf, TRAFFIC } from '../../benchmarks/drains/programme.ts';
import { reportOf } from '../../benchmarks/drains/report.ts';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { installWarden } from '../../playground/warden/install.ts';
import { OperatorPair } from '../../playground/warden/operator-pair.ts';
import { strayMarks } from './support/fleets.ts';

/*
 * Engines are taken away in every way there is, under continuous streams, while leaders are killed. Clients that follow
 * the Service, at once or five seconds late, lose nothing; those that do not look at it are on record.
 * `npm run bench:drains` plays the same at length.
 */

/** Given by a person who wants a failed run's choices again. */
const SEED = Number(process.env['DRAINS_SEED'] ?? randomInt(2 ** 31));
/** How a claim ends that takes its engine; `Cut` by those clients that stay. */
const ENDINGS: ReadonlySet<string> = new Set(['Drained', 'Cut']);
const EXTENT = { scaleDownRounds: 1, replaces: [3, 2], rollOutEngines: 3 };

let pg: Playground;
let operators: OperatorPair;
let played: Played;

beforeAll(async () => {
  const { acts, nodes, simulator } = programmeOf(EXTENT);
  pg = await startPlayground({ nodes, simulator });
  await installWarden(pg);
  operators = await OperatorPair.start(pg, LEASE);
  played = await playActs({ playground: pg, operators, acts, traffic: TRAFFIC, seed: SEED });
  process.stdout.write(`DRAINS_SEED=${SEED}\n${reportOf(played, [], SEED).lines.join('\n')}\n`);
});

afterAll(async () => {
  await operators[Symbol.asyncDispose]();
  await pg.stop();
});

describe.each(['AtOnce', 'Lagging'] as const)('a client of kind %s', (kind) => {
  test('loses no stream, whatever takes engines away and whoever is killed', () => {
    expect(played.acts.flatMap(({ requests }) => losses(requests, kind))).toEqual([]);
    const few = played.acts.filter(({ act, requests }) => tallyOf(requests, kind).Ok <= act.fleet.engines);
    expect(
      few.map(({ act }) => act.title),
      'each fleet had its streams',
    ).toEqual([]);
  });
});

test('the clients are what they are called: one lags by seconds, one stays for as long as it may', () => {
  expect(latest('AtOnce')).toBeLessThan(LAG_MS / 2);
  expect(latest('Lagging')).toBeGreaterThan(LAG_MS / 2);
  expect(latest('KeepAlive')).toBeGreaterThan(LAG_MS);
});

test('leaders were killed', () => {
  expect(played.kills.length).toBeGreaterThan(2);
});

test('each act takes as many engines as it should, by claims that end, and leaves no mark', async () => {
  const expected = [
    { removed: 5, shrinks: 5, replaces: 0 },
    { removed: 3, shrinks: 0, replaces: 3 },
    { removed: 2, shrinks: 0, replaces: 2 },
    { removed: 3, shrinks: 3, replaces: 0 },
  ];
  const ofOperator = played.acts.slice(0, expected.length);
  expect(
    ofOperator.map((act) => ({
      removed: act.pods.removed.length,
      shrinks: claimDurationsMs(act, 'Shrink').length,
      replaces: claimDurationsMs(act, 'Replace').length,
    })),
  ).toEqual(expected);
  const others = ofOperator
    .flatMap(({ outcomes }) => outcomes)
    .filter(({ outcome }) => !ENDINGS.has(outcome));
  expect(others).toEqual([]);
  for (const { act } of played.acts) expect(await strayMarks(pg, act.fleet.name)).toEqual([]);
});

test('a fleet never has fewer engines than it should while the operator takes some', () => {
  const nodeDrain = played.acts.at(-1);
  const short = played.acts.filter((act) => act !== nodeDrain && belowCapacityMs(act) > 0);
  expect(short.map(({ act }: PlayedAct) => act.title)).toEqual([]);
});

/** How long after an engine left the Service such a client still sent to it, at most. */
function latest(kind: ClientKind): number {
  return Math.max(0, ...played.acts.flatMap((act) => sentAfterLeavingMs(act, kind)));
}
