import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ClaimHistory } from '../../playground/warden/claim-history.ts';
import { isReady, PodHistory, readPods } from '../../playground/warden/pod-history.ts';
import { ServiceEndpoints } from '../../playground/warden/service-endpoints.ts';
import { StatusHistory } from '../../playground/warden/status-history.ts';
import { SERVING } from '../../src/api/v1alpha1/constants.ts';
import type { Target } from '../../src/loadtest/client/target.ts';
import { applyFleet, describeFleet, quietAt, readFleet, withOutcome } from '../e2e/support/fleets.ts';
import { eventually } from '../integration/playground/eventually.ts';
import { timeOfDeletion } from './support/deleted-engine.ts';
import { OWN_CORE, podReport, selfReport, signalCore } from './support/engine-core.ts';
import { isSkipped, LONG_STREAMS, RealEngines, say, SEATS, START_MS, vllm } from './support/real-engines.ts';
import { losses, StreamingClients } from './support/streaming-clients.ts';

/*
 * The process that runs the model is stopped in one of two real engines, and later killed in the other one, while clients
 * stream. The tests are one story. Times are those that the operator and the API server write.
 */

const FLEET = 'sick';
const CLIENTS = 2;
const OUTPUT_TOKENS = 150;
/** They run for 10 to 20 seconds. */
const LONG_OUTPUT_TOKENS = 3000;
const FOUND_WITHIN_MS = 180_000;
/** For the test to see it. */
const PROVED_MS = FOUND_WITHIN_MS + 120_000;
/** What the kubelet heals is at most noted so. */
const NOTES = ['CrashLoop', 'OOMKilled'];

describe.skipIf(isSkipped)(`real engines that fall sick, vLLM ${vllm.version}`, () => {
  let engines: RealEngines;
  let endpoints: ServiceEndpoints;
  let claims: ClaimHistory;
  let pods: PodHistory;
  let status: StatusHistory;
  let hangs = '';
  let dies = '';
  const end = new AsyncDisposableStack();

  beforeAll(async () => {
    engines = end.use(await RealEngines.start(2));
    const { pg } = engines;
    await applyFleet(pg, FLEET, {
      engine: {
        image: `vllm/vllm-openai:v${vllm.version}`,
        maxNumSeqs: SEATS,
        args: LONG_STREAMS,
        env: OWN_CORE,
      },
      scaling: { minReplicas: 2, maxReplicas: 2 },
    });
    endpoints = new ServiceEndpoints(pg, FLEET);
    end.defer(() => endpoints.stop());
    claims = end.use(new ClaimHistory(pg, FLEET));
    pods = end.use(new PodHistory(pg, FLEET));
    status = end.use(new StatusHistory(pg, FLEET));
    await eventually(() => quietAt(pg, FLEET, 2), START_MS);
    [hangs = '', dies = ''] = (await readPods(pg, FLEET)).map(({ metadata }) => metadata.name);
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await engines.sayLogs();
  });

  afterAll(() => end.disposeAsync());

  /** Clients of the Service that are not sent to `avoided`, where they would hang. */
  function startClients(avoided?: string): StreamingClients {
    const pickTarget = (): Target | undefined => {
      const target = endpoints.pick();
      return target?.name === avoided ? endpoints.pick() : target;
    };
    return new StreamingClients(engines.pg, { clients: CLIENTS, outputTokens: OUTPUT_TOKENS, pickTarget });
  }

  test('both have finished requests', async () => {
    const clients = startClients();
    await eventually(async () => {
      for (const engine of [hangs, dies]) {
        expect((await selfReport(engines, engine)).finished).toBeGreaterThan(0);
      }
    });
    expect(losses(await clients.stop(), OUTPUT_TOKENS)).toEqual([]);
  });

  test('one whose core is stopped is suspected, proved by a token that does not come, and replaced', async () => {
    const { pg } = engines;
    const began = new Date();
    const clients = startClients(hangs);
    const { podIP: host = '' } = (await readPods(pg, FLEET))[0]?.status ?? {};
    const caught = new StreamingClients(pg, {
      clients: CLIENTS,
      outputTokens: LONG_OUTPUT_TOKENS,
      pickTarget: () => ({ name: hangs, host, port: 8000, path: '/v1/completions' }),
    });
    // Told to stop before the first has ended, each client sends one.
    const cut = caught.stop();
    await eventually(async () => expect((await selfReport(engines, hangs)).running).toBe(CLIENTS));
    const stoppedAtMs = await signalCore(engines, hangs, 'SIGSTOP');

    await eventually(async () => {
      expect((await podReport(engines, hangs)).serving).toBe(SERVING.suspect);
    });
    const suspected = { signature: 'Wedged', engine: hangs, state: 'Suspected' };
    expect((await readFleet(pg, FLEET)).status?.findings).toMatchObject([suspected]);
    const frozen = await selfReport(engines, hangs);
    expect(frozen, 'its page is answered').toMatchObject({ health: 200, running: CLIENTS });
    const asked = expect.stringContaining('it was asked for a token');
    await eventually(async () => {
      expect((await readFleet(pg, FLEET)).status?.findings).toMatchObject([{ ...suspected, message: asked }]);
    }, PROVED_MS);
    expect(await selfReport(engines, hangs), 'nothing moves on it').toEqual(frozen);

    await eventually(() => expect(claims.claims[0]?.steps).toContain('Removing'), PROVED_MS);
    await eventually(async () => {
      expect((await readFleet(pg, FLEET)).status).toMatchObject(withOutcome(hangs, 'Cut'));
    }, START_MS);
    await quietAt(pg, FLEET, 2);
    const streams = await clients.stop();
    expect(losses(streams, OUTPUT_TOKENS)).toEqual([]);
    expect(losses(await cut, LONG_OUTPUT_TOKENS)).toHaveLength(CLIENTS);

    const [seen, ...others] = claims.claims;
    expect(others).toEqual([]);
    expect(seen?.claim).toMatchObject({
      engine: hangs,
      command: 'Replace',
      cause: 'Dead',
      signature: 'Wedged',
    });
    expect(seen?.steps).toEqual(['Claimed', 'Isolated', 'Claimed', 'Removing']);
    const found = status.findings.filter(({ engine }) => engine === hangs);
    expect(found.map(({ signature }) => signature)).toEqual(found.map(() => 'Wedged'));
    const proof = found.find(({ state }) => state === 'Proved');
    expect(proof).toMatchObject({
      reason: 'WedgedProbeUnanswered',
      message: expect.stringContaining('asked for a token: no answer within 30 s'),
    });
    // By the first sight: once not all of its pages are kept, it is said to have begun later.
    const sinceMs = Math.min(...found.map(({ since }) => Date.parse(since)));
    const deletedAtMs = await timeOfDeletion(pg, hangs, began);
    expect(deletedAtMs - sinceMs).toBeLessThan(FOUND_WITHIN_MS);

    const after = (toMs: number): string => `${((toMs - stoppedAtMs) / 1000).toFixed(1)} s`;
    say(
      `core stopped: stood still since ${after(sinceMs)}, out of the Service after ` +
        `${after(Date.parse(seen?.claim.claimedAt ?? ''))}, proved and deleted after ${after(deletedAtMs)}, another one ` +
        `ready after ${after(claims.outcomes[0]?.atMs ?? NaN)}; ${streams.length} streams elsewhere, none was cut`,
    );
    say(
      `${proof?.message ?? ''}\n${(await cut).map(({ outcome, end }) => `${outcome} (${end})`).join('; ')}`,
    );
    say((await readFleet(pg, FLEET)).status?.disruptionHistory?.join('\n') ?? '');
  });

  test('one whose core is killed ends by itself, and the kubelet starts it again', async () => {
    const { pg } = engines;
    const clients = startClients();
    await eventually(async () => expect((await selfReport(engines, dies)).running).toBeGreaterThan(0));
    const killedAtMs = await signalCore(engines, dies, 'SIGKILL');
    const { lastEnd } = await eventually(async () => {
      const report = await podReport(engines, dies);
      expect(report.restarts).toBe(1);
      return report;
    });
    await eventually(async () => expect((await readPods(pg, FLEET)).every(isReady)).toBe(true), START_MS);
    const readyAfterMs = Date.now() - killedAtMs;
    await quietAt(pg, FLEET, 2);
    const streams = await clients.stop();

    expect(
      claims.claims.map(({ claim }) => claim.engine),
      'nobody but the one that hung',
    ).toEqual([hangs]);
    expect(pods.removed.map(({ metadata }) => metadata.name)).toEqual([hangs]);
    const said = status.findings.filter(
      ({ engine, signature }) => engine === dies && !NOTES.includes(signature),
    );
    expect(said, 'it is told apart from one that hangs').toEqual([]);
    expect(await podReport(engines, dies)).toMatchObject({ serving: SERVING.true, restarts: 1 });
    expect(
      losses(
        streams.filter(({ engine }) => engine !== dies),
        OUTPUT_TOKENS,
      ),
    ).toEqual([]);
    const lost = streams.filter(({ outcome }) => outcome !== 'Ok');
    say(
      `core killed at ${new Date(killedAtMs).toISOString()}: its container ended at ${lastEnd?.finishedAt} with ` +
        `${lastEnd?.reason} (exit code ${lastEnd?.exitCode}), and was ready again after ` +
        `${(readyAfterMs / 1000).toFixed(1)} s; of ${streams.length} streams ${lost.length} were lost, the first: ` +
        `${lost[0]?.outcome} (${lost[0]?.end})`,
    );
    expect(await describeFleet(pg, FLEET)).toContain(`Cut: Replace of ${hangs} (Dead): `);
  });
});
