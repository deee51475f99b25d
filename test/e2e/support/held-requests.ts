import { expect } from 'vitest';
import { ProxyAgent, request } from 'undici';
import type { Playground } from '../../../playground/playground.ts';
import { readPods } from '../../../playground/warden/pod-history.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { MODEL } from './fleets.ts';

/** Requests that are under way; disposing of them ends them. */
export interface HeldRequests extends AsyncDisposable {
  /** Resolves when all have ended, one way or another. */
  readonly ended: Promise<unknown>;
}

/** Sends requests that take minutes to one engine, and waits until it has them. */
export async function holdRequests(
  pg: Playground,
  fleet: string,
  pod: string,
  count: number,
): Promise<HeldRequests> {
  const podIP = (await readPods(pg, fleet)).find(({ metadata }) => metadata.name === pod)?.status.podIP ?? '';
  const dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: true });
  const body = JSON.stringify({ model: MODEL, prompt: 'hello', max_tokens: 4000, ignore_eos: true });
  const headers = { 'content-type': 'application/json' };
  const ended = Promise.all(
    Array.from({ length: count }, () =>
      request(`http://${podIP}:8000/v1/completions`, { method: 'POST', headers, body, dispatcher }).catch(
        () => undefined,
      ),
    ),
  );
  await eventually(() => expect(pg.engineOf(pod).figures()?.running).toBe(count));
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      await dispatcher.destroy();
      await ended;
    },
  };
}
