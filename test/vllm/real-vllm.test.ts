import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { isInstalled, vllmInstallation } from '../../playground/real-vllm/installation.ts';
import { VllmContainers } from '../../playground/real-vllm/vllm-containers.ts';
import { installWarden } from '../../playground/warden/install.ts';
import { startOperator } from '../../playground/warden/operator-process.ts';
import { applyFleet, MODEL, patchSpec, readFleet, withCondition } from '../e2e/support/fleets.ts';
import { isReady, readPods } from '../../playground/warden/pod-history.ts';
import { eventually } from '../integration/playground/eventually.ts';
import { ClosedLoop } from './support/closed-loop.ts';
import { inspect, inspectionOf } from './support/inspection.ts';
import { NaivePage } from './support/naive-page.ts';

/**
 * The operator over real vLLM engines with a tiny model, from the first page to the last. The tests are one story:
 * each goes on where the one before ended.
 */

const FLEET = 'real';
/** The first start on a machine also compiles vLLM's Python files. */
const START_MS = 300_000;
/** `--max-num-seqs`. */
const SEATS = 4;
/** One engine lets 8 of them wait, which is over the target of 5; two engines let 2 wait each. */
const CLIENTS = 12;
/** Of an engine's log, when a test fails. */
const LOG_TAIL_CHARACTERS = 4000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const vllm = await vllmInstallation();
const installed = await isInstalled(vllm);
const notInstalled = `vLLM ${vllm.version} is not installed; "npm run test:vllm" installs it or says what is missing`;
const isSkipped = !installed && process.env['CI'] === undefined;
if (isSkipped) say(`skipped: ${notInstalled}`);

describe.skipIf(isSkipped)(`a fleet of real engines, vLLM ${vllm.version}`, () => {
  let scratch: string;
  let containers: VllmContainers;
  let pg: Playground;
  let clients: ClosedLoop | undefined;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    if (!installed) throw new Error(notInstalled);
    scratch = await mkdtemp(join(tmpdir(), 'real-vllm-'));
    cleanups.push(() => rm(scratch, { recursive: true }));
    containers = new VllmContainers(vllm, scratch);
    pg = await startPlayground({
      nodes: [{ name: 'node-a', gpus: 2 }],
      startContainer: containers.startContainer,
      log: say,
    });
    cleanups.push(() => pg.stop());
    await installWarden(pg);
    const operator = await startOperator(pg, { flags: ['--status-refresh', '1s'] });
    cleanups.push(() => operator.stop());
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    for (const pod of await readdir(scratch)) {
      const log = await readFile(join(scratch, pod, 'log'), 'utf8');
      say(`the end of the engine's log in pod ${pod}:\n${log.slice(-LOG_TAIL_CHARACTERS)}`);
    }
  });

  afterAll(async () => {
    await clients?.stop();
    for (const clean of cleanups.toReversed()) await clean();
  });

  /** The base URLs of the engines that are ready. */
  async function engineUrls(): Promise<readonly string[]> {
    const ready = (await readPods(pg, FLEET)).filter(isReady);
    return ready.map(({ metadata }) => containers.urlOf(metadata.name));
  }

  async function pages(): Promise<readonly NaivePage[]> {
    const texts = (await engineUrls()).map(async (url) => (await fetch(`${url}/metrics`)).text());
    return (await Promise.all(texts)).map((text) => new NaivePage(text));
  }

  function status(expected: object, timeoutMs?: number): Promise<void> {
    return eventually(async () => {
      expect((await readFleet(pg, FLEET)).status).toMatchObject(expected);
    }, timeoutMs);
  }

  test('comes up, and its pages are read', async () => {
    await applyFleet(pg, FLEET, {
      engine: { image: `vllm/vllm-openai:v${vllm.version}`, maxNumSeqs: SEATS },
      scaling: { minReplicas: 1, maxReplicas: 2 },
    });
    await status({ summary: { ready: '1/1', state: 'Ready', version: vllm.version } }, START_MS);
    await status(withCondition('MetricsAvailable', 'True', 'PagesRead'));
    const [url] = await engineUrls();
    const version = await (await fetch(`${url}/version`)).json();
    say(`the engine says of itself: ${JSON.stringify(version)}`);
    expect(version).toEqual({ version: vllm.version });
  });

  test('grows from 1 to 2 engines when a real queue stands on its page', async () => {
    clients = new ClosedLoop(pg, FLEET, MODEL, CLIENTS);
    await eventually(async () => {
      const [page] = await pages();
      expect(page?.sum('vllm:num_requests_waiting')).toBe(CLIENTS - SEATS);
      expect((await readFleet(pg, FLEET)).status?.summary).toMatchObject({
        running: String(SEATS),
        waiting: String(CLIENTS - SEATS),
      });
    });
    await status({ replicas: 2, summary: { ready: '2/2' } }, START_MS);
    expect((await readFleet(pg, FLEET)).status?.scaling?.history).toMatchObject([{ from: 1, to: 2 }]);
    await eventually(async () => {
      const served = (await pages()).filter((page) => page.sum('vllm:request_success_total') > 0);
      expect(served).toHaveLength(2);
    });
  });

  test('once quiet, inspect prints what stands on each page, and the summary the gauges', async () => {
    await patchSpec(pg, FLEET, { scaling: { mode: 'Paused' } });
    const tally = await clients?.stop();
    clients = undefined;
    expect(tally?.failures).toEqual([]);
    const total = (all: readonly NaivePage[], name: string): number =>
      all.reduce((sum, page) => sum + page.sum(name), 0);
    const quiet = await eventually(async () => {
      const all = await pages();
      expect(total(all, 'vllm:generation_tokens_total')).toBe(tally?.outputTokens);
      expect(total(all, 'vllm:prompt_tokens_total')).toBe(tally?.promptTokens);
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
    clients = new ClosedLoop(pg, FLEET, MODEL, 1);
    await patchSpec(pg, FLEET, { scaling: { mode: 'Auto' } });
    await status({ replicas: 1, summary: { ready: '1/1', desired: '1', state: 'Ready' } });
    const tally = await clients.stop();
    clients = undefined;
    expect(tally.failures).toEqual([]);
    expect(tally.answers).toBeGreaterThan(0);
    await eventually(async () => {
      const answers = await Promise.allSettled(before.map((url) => fetch(`${url}/health`)));
      expect(answers.map(({ status: outcome }) => outcome).toSorted()).toEqual(['fulfilled', 'rejected']);
    });
  });
});
