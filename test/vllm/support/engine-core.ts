import { z } from 'zod';
import { LABELS } from '../../../src/api/v1alpha1/constants.ts';
import { NaivePage } from './naive-page.ts';
import type { RealEngines } from './real-engines.ts';

/** An engine core as a process of its own, as without this variable; the playground's default saves that process. */
export const OWN_CORE = [{ name: 'VLLM_ENABLE_V1_MULTIPROCESSING', value: '1' }];

/** What an engine says of itself. */
export interface SelfReport {
  readonly health: number;
  readonly running: number;
  readonly steps: number;
  readonly generationTokens: number;
  readonly finished: number;
}

/** @throws Error when its page is not answered with 200 */
export async function selfReport({ containers }: RealEngines, engine: string): Promise<SelfReport> {
  const url = containers.urlOf(engine);
  const [health, metrics] = await Promise.all([fetch(`${url}/health`), fetch(`${url}/metrics`)]);
  if (!metrics.ok) throw new Error(`${engine} answers its page with ${metrics.status}`);
  const page = new NaivePage(await metrics.text());
  return {
    health: health.status,
    running: page.sum('vllm:num_requests_running'),
    steps: page.sum('vllm:iteration_tokens_total_count'),
    generationTokens: page.sum('vllm:generation_tokens_total'),
    finished: page.sum('vllm:request_success_total'),
  };
}

/** SIGSTOP: it hangs, as in a driver that does not come back. SIGKILL: it dies, as in a fault of the driver. */
export async function signalCore(
  { containers }: RealEngines,
  engine: string,
  signal: 'SIGSTOP' | 'SIGKILL',
): Promise<number> {
  process.kill(await containers.engineCoreOf(engine), signal);
  return Date.now();
}

const Pod = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()) }),
  status: z.object({
    containerStatuses: z.tuple([
      z.object({
        restartCount: z.int(),
        lastState: z.object({
          terminated: z.object({ exitCode: z.int(), reason: z.string(), finishedAt: z.string() }).optional(),
        }),
      }),
    ]),
  }),
});

/** What Kubernetes says of an engine: its label in the Service, and its container's life. */
export interface PodReport {
  readonly serving: string | undefined;
  readonly restarts: number;
  /** How the container before this one ended, if there was one. */
  readonly lastEnd?: { readonly exitCode: number; readonly reason: string; readonly finishedAt: string };
}

export async function podReport({ pg }: RealEngines, engine: string): Promise<PodReport> {
  const { metadata, status } = await pg.call(Pod, 'GET', `/api/v1/namespaces/default/pods/${engine}`);
  const [{ restartCount, lastState }] = status.containerStatuses;
  return {
    serving: metadata.labels[LABELS.serving],
    restarts: restartCount,
    ...(lastState.terminated !== undefined && { lastEnd: lastState.terminated }),
  };
}
