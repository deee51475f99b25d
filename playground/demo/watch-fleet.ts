import { setTimeout as sleep } from 'node:timers/promises';
import { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { Playground } from '../playground.ts';

const FLEET_PATH = '/apis/vllm.warden.dev/v1alpha1/namespaces/default/vllmdeployments/chat';
const LOOK_MS = 500;

export interface Watch {
  /** Called with each look at the fleet, before `done`. */
  readonly onLook: (fleet: VLLMDeployment) => void | Promise<void>;
  readonly done: (fleet: VLLMDeployment) => boolean;
  readonly timeoutMs: number;
  /** What is waited for. */
  readonly what: string;
}

/** Looks at the fleet of the demo until `done` says so. @throws Error after `timeoutMs`, or when the signal aborts */
export async function watchFleet(
  playground: Playground,
  interrupt: AbortSignal,
  { onLook, done, timeoutMs, what }: Watch,
): Promise<VLLMDeployment> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    interrupt.throwIfAborted();
    const fleet = await playground.call(VLLMDeployment, 'GET', FLEET_PATH);
    await onLook(fleet);
    if (done(fleet)) return fleet;
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs / 1000} s`);
    await sleep(LOOK_MS);
  }
}
