import { expect } from 'vitest';
import { ProxyAgent, request } from 'undici';
import type { Playground } from '../../../playground/playground.ts';
import { readPods } from '../../../playground/warden/pod-history.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { MODEL } from './fleets.ts';

/** Sends requests that take minutes to one engine, and waits until it has them; disposing of it ends them. */
export async function holdRequests(
  pg: Playground,
  fleet: string,
  pod: string,
  count: number,
): Promise<AsyncDisposable> {
  const podIP = (await readPods(pg, fleet)).find(({ metadata }) => metadata.name === pod)?.status.podIP ?? '';
  const dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: true });
  const body = JSON.stringify({ model: MODEL, prompt: 'hello', max_tokens: 4000, ignore_eos: true });
  const headers = { 'content-type': 'application/json' };
  const ended = Array.from({ length: count }, () =>
    request(`http://${podIP}:8000/v1/completions`, { method: 'POST', headers, body, dispatcher }).catch(
      () => undefined,
    ),
  );
  await eventually(() => expect(pg.engineOf(pod).figures()?.running).toBe(count));
  return {
    [Symbol.asyncDispose]: async () => {
      await dispatcher.destroy();
      await Promise.all(ended);
    },
  };
}
