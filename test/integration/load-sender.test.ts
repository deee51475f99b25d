import { expect, test } from 'vitest';
import { scanPage } from '../../src/engine/scan.ts';
import { systemClock } from '../../src/kube/system-clock.ts';
import { runLoad } from '../../src/loadtest/client/run-load.ts';
import { scheduleStages } from '../../src/loadtest/plan/arrivals.ts';
import { summarizeLoad } from '../../src/loadtest/plan/load-report.ts';
import { createRandom } from '../../src/simulator/model/random.ts';
import { startSimulatedEngine } from '../../src/simulator/server/start.ts';

const MODEL = 'Qwen/Qwen3-0.6B';

test("the sender's own counts are those of the engine's metrics page", async () => {
  const engine = await startSimulatedEngine({
    argv: ['serve', MODEL, '--max-num-seqs', '8', '--sim-startup-seconds', '0', '--sim-speed', '10'],
    vllmVersion: '0.32.0',
    host: '127.0.0.1',
    port: 0,
  });
  try {
    await engine.ready;
    const arrivals = { kind: 'Gamma', shape: 1, random: createRandom(5) } as const;
    const size = { promptTokens: 300, outputTokens: 12 };
    const schedule = scheduleStages([{ requestsPerSecond: 60, durationMs: 1500 }], arrivals, size);
    const target = { name: 'engine', host: '127.0.0.1', port: engine.port, path: '/v1/completions' };
    const { records } = await runLoad({
      schedule,
      model: MODEL,
      pickTarget: () => target,
      clock: systemClock,
      signal: AbortSignal.timeout(60_000),
      requestTimeoutMs: 30_000,
      seed: 5,
    });
    const sent = schedule.requests.length;
    const { completed, failures, goodput } = summarizeLoad(schedule, records);
    expect({ completed, failures, good: goodput.ratio }).toEqual({ completed: sent, failures: {}, good: 1 });
    expect(records.every(({ usage }) => usage?.promptTokens === 300 && usage.completionTokens === 12)).toBe(
      true,
    );

    const page = await fetch(`http://127.0.0.1:${engine.port}/metrics`);
    const scanned = scanPage(new Uint8Array(await page.arrayBuffer()));
    if (!scanned.ok) throw new Error(scanned.message);
    expect(scanned.sample).toMatchObject({
      running: 0,
      waiting: 0,
      promptTokens: 300 * sent,
      generationTokens: 12 * sent,
      requests: { length: sent },
      histograms: { ttft: { count: sent }, e2e: { count: sent } },
    });
  } finally {
    engine.kill();
    await engine.exited;
  }
});
