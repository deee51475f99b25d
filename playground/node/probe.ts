import { checkExec, checkHttp } from './check.ts';
import { pause } from './deadline.ts';
import type { Probe } from './pod.ts';

export type ProbeVerdict = 'healthy' | 'unhealthy';

/** Counts results in a row and says when one of the thresholds is crossed. */
export class ProbeTally {
  readonly #probe: Pick<Probe, 'successThreshold' | 'failureThreshold'>;
  #last: boolean | undefined;
  #inARow = 0;

  constructor(probe: Pick<Probe, 'successThreshold' | 'failureThreshold'>) {
    this.#probe = probe;
  }

  /** The verdict that this result brings about; undefined while a threshold is still ahead. */
  record(success: boolean): ProbeVerdict | undefined {
    this.#inARow = success === this.#last ? this.#inARow + 1 : 1;
    this.#last = success;
    const threshold = success ? this.#probe.successThreshold : this.#probe.failureThreshold;
    if (this.#inARow < threshold) return undefined;
    return success ? 'healthy' : 'unhealthy';
  }
}

/**
 * Probes 127.0.0.1:`port` at the probe's period until `signal` is aborted; `report` gets every verdict, also repeated
 * ones, with the failure that led to it.
 */
export async function runProbe(
  probe: Probe,
  target: { port: number; containerPorts: readonly number[]; podIP: string },
  report: (verdict: ProbeVerdict, failure: string | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const tally = new ProbeTally(probe);
  await pause(probe.initialDelaySeconds * 1000, signal);
  while (!signal.aborted) {
    const next = pause(probe.periodSeconds * 1000, signal);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(probe.timeoutSeconds * 1000)]);
    const failure = await check(probe, target, limit);
    // Ended while we asked: the answer says nothing about the container's health.
    if (signal.aborted) return;
    const verdict = tally.record(failure === undefined);
    if (verdict !== undefined) report(verdict, failure);
    await next;
  }
}

function check(
  probe: Probe,
  target: { port: number; containerPorts: readonly number[]; podIP: string },
  limit: AbortSignal,
): Promise<string | undefined> {
  if (probe.httpGet !== undefined) return checkHttp(probe.httpGet, target.port, limit);
  if (probe.exec !== undefined) return checkExec(probe.exec.command, target, limit);
  return Promise.resolve('the node stand-in runs only httpGet and exec probes');
}
