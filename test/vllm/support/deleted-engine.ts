import { expect } from 'vitest';
import { z } from 'zod';
import type { Playground } from '../../../playground/playground.ts';
import { expectKubectl } from '../../../playground/warden/install.ts';
import type { Target } from '../../../src/loadtest/client/target.ts';
import { operatorRequests } from '../../e2e/support/audit.ts';
import { eventually } from '../../integration/playground/eventually.ts';
import { NaivePage } from './naive-page.ts';
import type { RealEngines } from './real-engines.ts';
import { StreamingClients, type EndedStream } from './streaming-clients.ts';

const Address = z.object({ status: z.object({ podIP: z.string() }) });
/** Longer than any grace period here. */
const GONE_MS = 180_000;

export interface StreamsOnEngine {
  readonly running: number;
  readonly waiting: number;
  readonly outputTokens: number;
}

/** What became of a deleted engine and of its streams; times are epoch milliseconds. */
export interface Deleted {
  readonly engine: string;
  readonly streams: readonly EndedStream[];
  readonly deletedAtMs: number;
  /** When its object was gone. */
  readonly goneAtMs: number;
}

/** `kubectl delete pod` on an engine while it has streams running and waiting; resolves when all of it has ended. */
export async function deleteUnderStreams(
  { pg, containers }: RealEngines,
  engine: string,
  { running, waiting, outputTokens }: StreamsOnEngine,
): Promise<Deleted> {
  const path = `/api/v1/namespaces/default/pods/${engine}`;
  const { podIP: host } = (await pg.call(Address, 'GET', path)).status;
  const pickTarget = (): Target => ({ name: engine, host, port: 8000, path: '/v1/completions' });
  const clients = new StreamingClients(pg, { clients: running + waiting, outputTokens, pickTarget });
  // Told to stop before the first has ended, each client sends one.
  const streams = clients.stop();
  await eventually(async () => {
    const page = new NaivePage(await (await fetch(`${containers.urlOf(engine)}/metrics`)).text());
    expect(page.sum('vllm:num_requests_running')).toBe(running);
    expect(page.sum('vllm:num_requests_waiting')).toBe(waiting);
  });
  const deletedAtMs = Date.now();
  await expectKubectl(pg, ['delete', 'pod', '--wait=false', engine]);
  const goneAtMs = await eventually(async () => {
    expect((await pg.request('GET', path)).status).toBe(404);
    return Date.now();
  }, GONE_MS);
  return { engine, streams: await streams, deletedAtMs, goneAtMs };
}

/** When the operator deleted an engine, after `since`; NaN if it did not. Epoch milliseconds. */
export async function timeOfDeletion(pg: Playground, engine: string, since: Date): Promise<number> {
  const deletion = (await operatorRequests(pg, since)).find(
    ({ verb, objectRef }) => verb === 'delete' && objectRef?.name === engine,
  );
  return Date.parse(deletion?.requestReceivedTimestamp ?? '');
}

/** The figures for people. */
export function deletionLine({ engine, streams, deletedAtMs, goneAtMs }: Deleted): string {
  const ends = streams.map(
    ({ outcome, end, chunks, silentMs, endedAtMs }) =>
      `${outcome} (${end}) ${seconds(endedAtMs - deletedAtMs)} after, ${chunks} chunks, silent for ${seconds(silentMs)}`,
  );
  return `delete of ${engine}: gone after ${seconds(goneAtMs - deletedAtMs)}; its streams:\n  ${ends.join('\n  ')}`;
}

export function argumentsOf(pg: Playground, engine: string): Promise<string> {
  return expectKubectl(pg, ['get', 'pod', engine, '-o', 'jsonpath={.spec.containers[0].args}']);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
