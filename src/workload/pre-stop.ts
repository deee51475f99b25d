import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import { isAtLeast } from '../engine/version.ts';
import { drainTimes } from './drain-times.ts';
import type { LifecycleHandler } from './objects.ts';
import { engineVersion } from './version.ts';

/**
 * First release that was seen to finish its requests on SIGTERM with `--shutdown-timeout`. Older ones have no
 * such flag, or what becomes of their requests at SIGTERM is a race between clients and engine.
 */
const DRAINS_ON_SIGTERM = { major: 0, minor: 32, patch: 0 };

const SECONDS_BETWEEN_PAGES = 2;

/**
 * Sleeps, then returns once two pages in a row show no running and no waiting request, or the engine is gone,
 * or time is up. A page without these gauges, or a slow one, does not count as empty. Images of vLLM have
 * Python, whatever else they have.
 */
const WAIT_UNTIL_EMPTY = `
import sys, time, urllib.request
url, (settle, timeout, between) = sys.argv[1], map(float, sys.argv[2:])
end = time.monotonic() + settle + timeout
time.sleep(settle)
empty = 0
while time.monotonic() < end:
    try:
        page = urllib.request.urlopen(url, timeout=10).read().decode()
    except OSError as error:
        if isinstance(getattr(error, "reason", error), ConnectionRefusedError):
            break
        page = ""
    gauges = ("vllm:num_requests_running{", "vllm:num_requests_waiting{")
    counts = [float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(gauges)]
    empty = empty + 1 if counts and sum(counts) == 0 else 0
    if empty == 2:
        break
    time.sleep(between)
`.trimStart();

/**
 * What the kubelet does before SIGTERM when an engine's end is not ours: wait for proxies and keep-alive
 * clients to notice (`drain.settleSeconds`), and, for engines that do not drain by themselves, until the
 * engine is empty. Undefined when there is nothing to wait for.
 */
export function preStop(spec: VLLMDeploymentSpec): LifecycleHandler | undefined {
  const { settleSeconds, timeoutSeconds } = drainTimes(spec.drain);
  const version = engineVersion(spec.engine);
  if (version !== undefined && isAtLeast(version, DRAINS_ON_SIGTERM)) {
    return settleSeconds === 0 ? undefined : { sleep: { seconds: settleSeconds } };
  }
  const page = `http://127.0.0.1:${spec.engine.port}/metrics`;
  const seconds = [settleSeconds, timeoutSeconds, SECONDS_BETWEEN_PAGES].map(String);
  return { exec: { command: ['python3', '-c', WAIT_UNTIL_EMPTY, page, ...seconds] } };
}
