import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isReady, readPods } from '../../playground/warden/pod-history.ts';
import { ServiceEndpoints } from '../../playground/warden/service-endpoints.ts';
import type { Target } from '../../src/loadtest/client/target.ts';
import { applyFleet, MODEL, patchSpec, readFleet, withCondition } from '../e2e/support/fleets.ts';
import { eventually } from '../integration/playground/eventually.ts';
import { inspect, inspectionOf } from './support/inspection.ts';
import { NaivePage } from './support/naive-page.ts';
import {
  isSkipped,
  LONG_STREAMS,
  onlyEngine,
  RealEngines,
  say,
  SEATS,
  START_MS,
  vllm,
} from './support/real-engines.ts';
import { argumentsOf, deleteUnderStreams, deletionLine } from './support/deleted-engine.ts';
import { losses, PROMPT_TOKENS, StreamingClients, type EndedStream } from './support/streaming-clients.ts';

/**
 * The operator over real vLLM engines with a tiny model, from the first page to the last. The tests are one story:
 * each goes on where the one before ended.
 */

const FLEET = 'real';
/** One engine lets 8 of them wait, which is over the target of 5; two engines let 2 wait each. */
const CLIENTS = 12;
const OUTPUT_TOKENS = 150;
const LONG_OUTPUT_TOKENS = 1500;

describe.skipIf(isSkipped)(`a fleet of real engines, vLLM ${vllm.version}`, () => {
  let engines: RealEngines;
  let endpoints: ServiceEndpoints | undefined;
  let clients: StreamingClients | undefined;

  beforeAll(async () => {
    engines = await RealEngines.start(2);
    endpoints = new ServiceEndpoints(engines.pg, FLEET);
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await engines.sayLogs();
  });

  afterAll(async () => {
    await clients?.stop();
    await endpoints?.stop();
    await engines[Symbol.asyncDispose]();
  });

  function startClients(count: number): void {
    const pickTarget = (): Target | undefined => endpoints?.pick();
    clients = new StreamingClients(engines.pg, { clients: count, outputTokens: OUTPUT_TOKENS, pickTarget });
  }

  async function stopClients(): Promise<readonly EndedStream[]> {
    const streams = (await clients?.stop()) ?? [];
    clients = undefined;
    return streams;
  }

  /** The base URLs of the engines that are ready. */
  async function engineUrls(): Promise<readonly string[]> {
    const ready = (await readPods(engines.pg, FLEET)).filter(isReady);
    return ready.map(({ metadata }) => engines.containers.urlOf(metadata.name));
  }

  async function pages(): Promise<readonly NaivePage[]> {
    const texts = (await engineUrls()).map(async (url) => (await fetch(`${url}/metrics`)).text());
    return (await Promise.all(texts)).map((text) => new NaivePage(text));
  }

  function status(expected: object, timeoutMs?: number): Promise<void> {
    return eventually(async () => {
      expect((await readFleet(engines.pg, FLEET)).status).toMatchObject(expected);
    }, timeoutMs);
  }

  test('comes up, and its pages are read', async () => {
    await applyFleet(engines.pg, FLEET, {
      engine: { image: `vllm/vllm-openai:v${vllm.version}`, maxNumSeqs: SEATS, args: LONG_STREAMS },
      scaling: { minReplicas: 1, maxReplicas: 2 },
      spec: { drain: { settleSeconds: 1, timeoutSeconds: 120 } },
    });
    await status({ summary: { ready: '1/1', state: 'Ready', version: vllm.version } }, START_MS);
    await status(withCondition('MetricsAvailable', 'True', 'PagesRead'));
    const [url] = await engineUrls();
    const version = await (await fetch(`${url}/version`)).json();
    say(`the engine says of itself: ${JSON.stringify(version)}`);
    expect(version).toEqual({ version: vllm.version });
  });

  test('grows from 1 to 2 engines when a real queue stands on its page', async () => {
    startClients(CLIENTS);
    await eventually(async () => {
      const [page] = await pages();
      expect(page?.sum('vllm:num_requests_waiting')).toBe(CLIENTS - SEATS);
      expect((await readFleet(engines.pg, FLEET)).status?.summary).toMatchObject({
        running: String(SEATS),
        waiting: String(CLIENTS - SEATS),
      });
    });
    await status({ replicas: 2, summary: { ready: '2/2' } }, START_MS);
    expect((await readFleet(engines.pg, FLEET)).status?.scaling?.history).toMatchObject([{ from: 1, to: 2 }]);
    await eventually(async () => {
      const served = (await pages()).filter((page) => page.sum('vllm:request_success_total') > 0);
      expect(served).toHaveLength(2);
    });
  });

  test('once quiet, inspect prints what stands on each page, and the summary the gauges', async () => {
    await patchSpec(engines.pg, FLEET, { scaling: { mode: 'Paused' } });
    const streams = await stopClients();
    expect(losses(streams, OUTPUT_TOKENS)).toEqual([]);
    const total = (all: readonly NaivePage[], name: string): number =>
      all.reduce((sum, page) => sum + page.sum(name), 0);
    const quiet = await eventually(async () => {
      const all = await pages();
      expect(total(all, 'vllm:generation_tokens_total')).toBe(streams.length * OUTPUT_TOKENS);
      expect(total(all, 'vllm:prompt_tokens_total')).toBe(streams.length * PROMPT_TOKENS);
      expect(total(all, 'vllm:num_requests_running')).toBe(0);
      return all;
    });
    const inspections = await Promise.all((await engineUrls()).map(inspect));
    expect(inspections).toMatchObject(quiet.map((page) => inspectionOf(page, MODEL, vllm.version)));
    const kv = total(quiet, 'vllm:kv_cache_usage_perc') / quiet.length;
    await status({
      summary: {
        ready: '2/2',
        running: String(total(quiet, 'vllm:num_requests_running')),
        waiting: String(total(quiet, 'vllm:num_requests_waiting')),
        kv: `${Math.round(kv * 100)}%`,
      },
    });
  });

  test('shrinks from 2 to 1 engines under a client that loses no request, and the other process ends', async () => {
    const before = await engineUrls();
    startClients(1);
    await patchSpec(engines.pg, FLEET, { scaling: { mode: 'Auto' } });
    await status({ replicas: 1, summary: { ready: '1/1', desired: '1', state: 'Ready' } });
    const streams = await stopClients();
    expect(losses(streams, OUTPUT_TOKENS)).toEqual([]);
    expect(streams).not.toEqual([]);
    await eventually(async () => {
      const answers = await Promise.allSettled(before.map((url) => fetch(`${url}/health`)));
      expect(answers.map(({ status: outcome }) => outcome).toSorted()).toEqual(['fulfilled', 'rejected']);
    });
  });

  test('kubectl delete pod on the last engine: it finishes its streams after SIGTERM', async () => {
    await engines.cordon();
    const { name } = await onlyEngine(engines.pg, FLEET);
    expect(await argumentsOf(engines.pg, name)).toContain('--shutdown-timeout');
    const deleted = await deleteUnderStreams(engines, name, {
      running: SEATS,
      waiting: 2,
      outputTokens: LONG_OUTPUT_TOKENS,
    });
    say(deletionLine(deleted));
    expect(losses(deleted.streams, LONG_OUTPUT_TOKENS)).toEqual([]);
  });
});
