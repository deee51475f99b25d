import { checkExec, checkHttp, type ContainerAddress } from './check.ts';
import { pause } from './deadline.ts';
import type { LifecycleHandler } from './pod.ts';

/**
 * Runs a preStop hook to its end or to `limit`, whichever is first.
 *
 * @returns what was wrong, or undefined; the container is stopped all the same, as by the kubelet
 */
export async function runPreStop(
  hook: LifecycleHandler,
  address: ContainerAddress,
  limit: AbortSignal,
): Promise<string | undefined> {
  if (hook.sleep !== undefined) await pause(hook.sleep.seconds * 1000, limit);
  else if (hook.httpGet !== undefined) return checkHttp(hook.httpGet, address.port, limit);
  else if (hook.exec !== undefined) return checkExec(hook.exec.command, address, limit);
  return undefined;
}
