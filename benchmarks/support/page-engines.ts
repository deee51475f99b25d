import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import {
  ImagePullError,
  type ContainerExit,
  type RunningContainer,
  type StartContainer,
} from '../../playground/node/container.ts';
import { LABELS } from '../../src/api/v1alpha1/constants.ts';

/** The image by which a pod gets one of these engines. */
export const PAGE_ENGINE_IMAGE = 'benchmark/page-engine:v0.32.0';

/** A page of vLLM 0.32 under load (52 KB), whose gauges are set for each state. */
const CAPTURED = new URL('../../test/fixtures/engine-pages/series/045.prom', import.meta.url);

const LOADS = {
  calm: { waiting: 0, kvCacheUsage: 0.5 },
  overloaded: { waiting: 12, kvCacheUsage: 0.5 },
} as const;

export type Load = keyof typeof LOADS;

/** What the engines of one fleet have done; times in epoch milliseconds. */
interface Fleet {
  load: Load;
  /** When each of its containers was started. */
  readonly startedAtMs: number[];
  pagesSent: number;
  /** When the first page that shows overload had been handed to the operating system whole. */
  overloadSentAtMs: number | undefined;
}

/**
 * Containers that serve a metrics page and no model: the page of each fleet is switched from calm to overloaded, and
 * each page sent is on record.
 */
export class PageEngines {
  readonly #pages: Readonly<Record<Load, Buffer>>;
  readonly #fleets = new Map<string, Fleet>();

  constructor() {
    const captured = readFileSync(CAPTURED, 'utf8');
    this.#pages = {
      calm: pageWith(captured, LOADS.calm),
      overloaded: pageWith(captured, LOADS.overloaded),
    };
  }

  readonly startContainer: StartContainer = async ({ image, pod }) => {
    if (image !== PAGE_ENGINE_IMAGE)
      throw new ImagePullError(`this benchmark runs only ${PAGE_ENGINE_IMAGE}`);
    const fleet = this.fleet(pod.labels[LABELS.fleet] ?? '');
    fleet.startedAtMs.push(epochMs());
    return startServer((request, response) => {
      if (request.url === '/version') return void response.end('{"version":"0.32.0"}');
      if (request.url !== '/metrics') return void response.end();
      const { load } = fleet;
      response.once('finish', () => {
        fleet.pagesSent += 1;
        if (load === 'overloaded') fleet.overloadSentAtMs ??= epochMs();
      });
      response.end(this.#pages[load]);
    });
  };

  /** The record of a fleet, whose load may be set, before it has an engine too. */
  fleet(name: string): Fleet {
    const known = this.#fleets.get(name);
    if (known !== undefined) return known;
    const fleet: Fleet = { load: 'calm', startedAtMs: [], pagesSent: 0, overloadSentAtMs: undefined };
    this.#fleets.set(name, fleet);
    return fleet;
  }
}

/** Comparable with the API server's clock, and finer than `Date.now`. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

function pageWith(captured: string, { waiting, kvCacheUsage }: (typeof LOADS)[Load]): Buffer {
  const page = [
    ['vllm:num_requests_waiting\\{', waiting],
    ['vllm:num_requests_waiting_by_reason\\{.*reason="capacity"', waiting],
    ['vllm:kv_cache_usage_perc\\{', kvCacheUsage],
  ].reduce<string>(
    (text, [series, value]) => text.replace(new RegExp(`^(${series}.*\\}) .*$`, 'm'), `$1 ${value}`),
    captured,
  );
  return Buffer.from(page);
}

async function startServer(listener: RequestListener): Promise<RunningContainer> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const { promise: exited, resolve } = Promise.withResolvers<ContainerExit>();
  const exit = (how: ContainerExit): void => {
    server.close();
    server.closeAllConnections();
    resolve(how);
  };
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    terminate: () => exit({ exitCode: 0, reason: 'Completed' }),
    kill: () => exit({ exitCode: 137, reason: 'Error' }),
    exited,
  };
}
