import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { applyManifest, expectKubectl } from '../../playground/warden/install.ts';
import { PodHistory } from '../../playground/warden/pod-history.ts';
import { ServiceEndpoints } from '../../playground/warden/service-endpoints.ts';
import {
  applyFleet,
  askReplace,
  describeFleet,
  MODEL,
  readFleet,
  settledAt,
  withOutcome,
} from '../e2e/support/fleets.ts';
import { eventually } from '../integration/playground/eventually.ts';
import { argumentsOf, deleteUnderStreams, deletionLine, timeOfDeletion } from './support/deleted-engine.ts';
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
import { stockPod } from './support/stock-pod.ts';
import { losses, StreamingClients } from './support/streaming-clients.ts';

/*
 * Engines that do not drain by themselves are taken away while they stream: by the operator, by `kubectl delete pod` on
 * the operator's engine, and by `kubectl delete pod` on one that was started by hand. All three have the same flags.
 */

const FLEET = 'chat';
const STOCK = 'stock';
/** It tells no version, so that the operator cannot count on `--shutdown-timeout`. */
const IMAGE = `vllm/vllm-openai@sha256:${'0123456789abcdef'.repeat(4)}`;
const OUTPUT_TOKENS = 3000;
/** Two have no seat. */
const STREAMS = { running: SEATS, waiting: 2, outputTokens: OUTPUT_TOKENS };

describe.skipIf(isSkipped)(`real engines that leave under streams, vLLM ${vllm.version}`, () => {
  let engines: RealEngines;

  beforeAll(async () => {
    // The preStop hook is a program for the Python of the image.
    vi.stubEnv('PATH', `${join(vllm.folder, 'bin')}:${process.env['PATH'] ?? ''}`);
    engines = await RealEngines.start(2);
    const { pg } = engines;
    await applyManifest(pg, JSON.stringify(stockPod(STOCK, IMAGE, MODEL)));
    await applyFleet(pg, FLEET, {
      engine: { image: IMAGE, maxNumSeqs: SEATS, args: LONG_STREAMS },
      scaling: { minReplicas: 1, maxReplicas: 1 },
      spec: { drain: { settleSeconds: 2, timeoutSeconds: 120 } },
    });
    const names = [STOCK, (await onlyEngine(pg, FLEET)).name];
    const ready = ['wait', '--for=condition=Ready', '--timeout=1s', 'pod', ...names];
    await eventually(() => expectKubectl(pg, ready), START_MS);
    await settledAt(pg, FLEET, 1);
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await engines.sayLogs();
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    await engines[Symbol.asyncDispose]();
  });

  // Beside the next one: its clients hang for half a minute.
  test.concurrent('kubectl delete pod on an engine started by hand: no stream ends well', async () => {
    const deleted = await deleteUnderStreams(engines, STOCK, STREAMS);
    say(deletionLine(deleted));
    expect(losses(deleted.streams, OUTPUT_TOKENS)).toHaveLength(STREAMS.running + STREAMS.waiting);
  });

  test.concurrent('a replace that a person asks for waits for the streams on the engine', async () => {
    const { pg } = engines;
    const { name, uid } = await onlyEngine(pg, FLEET);
    await using pods = new PodHistory(pg, FLEET);
    await using end = new AsyncDisposableStack();
    const endpoints = new ServiceEndpoints(pg, FLEET);
    end.defer(() => endpoints.stop());
    const clients = new StreamingClients(pg, {
      clients: SEATS,
      outputTokens: OUTPUT_TOKENS,
      pickTarget: endpoints.pick,
    });
    end.defer(async () => void (await clients.stop()));
    const asked = new Date();
    await askReplace(pg, FLEET, name);
    const { status } = await eventually(async () => {
      const fleet = await readFleet(pg, FLEET);
      expect(fleet.status).toMatchObject(withOutcome(name, 'Drained'));
      expect(pods.goneAtMs(uid)).toBeDefined();
      return fleet;
    }, START_MS);
    const streams = await clients.stop();

    expect(losses(streams, OUTPUT_TOKENS)).toEqual([]);
    expect(new Set(streams.map(({ engine }) => engine)).size, 'streams went on to the new one').toBe(2);
    expect(pods.leastServingSince(1)).toBe(1);
    const leftAtMs = pods.leftAtMs.get(name) ?? Infinity;
    const underWay = streams.filter(
      ({ engine, sentAtMs, endedAtMs }) => engine === name && sentAtMs < leftAtMs && endedAtMs > leftAtMs,
    );
    expect(underWay, 'it was busy when it left the Service').not.toEqual([]);
    const lastEndedAtMs = Math.max(...underWay.map(({ endedAtMs }) => endedAtMs));
    const deletedAtMs = await timeOfDeletion(pg, name, asked);
    expect(deletedAtMs, 'it was empty when it was told to stop').toBeGreaterThan(lastEndedAtMs);

    const since = (fromMs: number, toMs: number): string => `${((toMs - fromMs) / 1000).toFixed(1)} s`;
    say(
      `replace: out of the Service after ${since(asked.getTime(), leftAtMs)} with ${underWay.length} streams under ` +
        `way; the last ended ${since(leftAtMs, lastEndedAtMs)} later, deleted after ${since(leftAtMs, deletedAtMs)}; ` +
        `of ${streams.length} streams in all none was cut`,
    );
    say(status?.disruptionHistory?.join('\n') ?? '');
    expect(await describeFleet(pg, FLEET)).toContain(`Drained: Replace of ${name} (Requested): `);
  });

  test('kubectl delete pod on the operator’s engine: the preStop hook waits for its streams', async () => {
    const { pg } = engines;
    await engines.cordon();
    const { name } = await onlyEngine(pg, FLEET);
    expect(await argumentsOf(pg, name)).not.toContain('--shutdown-timeout');
    const deleted = await deleteUnderStreams(engines, name, STREAMS);
    say(deletionLine(deleted));
    expect(losses(deleted.streams, OUTPUT_TOKENS)).toEqual([]);
    const failed = ['get', 'events', '--field-selector', 'reason=FailedPreStopHook', '-o', 'name'];
    expect(await expectKubectl(pg, failed)).toBe('');
  });
});
