import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Target } from '../../src/loadtest/client/target.ts';
import type { Playground } from '../playground.ts';

const EndpointSlices = z.object({
  items: z.array(
    z.object({
      ports: z.array(z.object({ name: z.string().optional(), port: z.int() })).nullish(),
      endpoints: z
        .array(
          z.object({
            addresses: z.array(z.string()),
            conditions: z.object({ ready: z.boolean().optional() }).default({}),
            targetRef: z.object({ name: z.string() }).optional(),
          }),
        )
        .nullish(),
    }),
  ),
});

const RETRY_MS = 500;

export interface EndpointsOptions {
  /** Default: `default`. */
  readonly namespace?: string;
  /** Milliseconds by which this data plane trails what the slices say, once it knows an endpoint. Default: 0. */
  readonly lagMs?: number;
}

/**
 * The ready endpoints of a Service, followed through its EndpointSlices as a data plane does: a request goes to the
 * next of them in turn.
 */
export class ServiceEndpoints {
  readonly #playground: Playground;
  readonly #path: string;
  readonly #lagMs: number;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  #targets: readonly Target[] = [];
  #hasEndpoints = false;
  #turn = 0;

  constructor(
    playground: Playground,
    service: string,
    { namespace = 'default', lagMs = 0 }: EndpointsOptions = {},
  ) {
    this.#playground = playground;
    this.#lagMs = lagMs;
    const selector = encodeURIComponent(`kubernetes.io/service-name=${service}`);
    this.#path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${selector}`;
    this.#following = this.#follow();
  }

  get size(): number {
    return this.#targets.length;
  }

  /** The endpoint of the next request; undefined while none is ready. */
  readonly pick = (): Target | undefined => {
    this.#turn += 1;
    return this.#targets[this.#turn % Math.max(1, this.#targets.length)];
  };

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** Reads the slices again on each change: they are few and small. */
  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#learn(await this.#read());
        for await (const _event of this.#playground.watch(this.#path, signal))
          this.#learn(await this.#read());
      } catch {
        // The API server is away: the last known endpoints stay, as they do in a data plane.
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Timers of one length fire in the order in which they were set, so a later list is never overtaken. */
  #learn(targets: readonly Target[]): void {
    if (this.#lagMs > 0 && this.#hasEndpoints) {
      setTimeout(() => (this.#targets = targets), this.#lagMs).unref();
    } else {
      this.#targets = targets;
      this.#hasEndpoints = targets.length > 0;
    }
  }

  async #read(): Promise<readonly Target[]> {
    const { items } = await this.#playground.call(EndpointSlices, 'GET', this.#path);
    return items.flatMap(({ ports, endpoints }) =>
      (endpoints ?? [])
        .filter(({ conditions }) => conditions.ready !== false)
        .flatMap(({ addresses, targetRef }) => {
          const [host] = addresses;
          const port = ports?.[0]?.port;
          if (host === undefined || port === undefined) return [];
          return [{ name: targetRef?.name ?? host, host, port, path: '/v1/completions' }];
        }),
    );
  }
}
