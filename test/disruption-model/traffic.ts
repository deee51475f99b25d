import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import { EndpointSliceProjection } from '../../src/controllers/vllm-deployment/projections.ts';
import { reader } from '../virtual-cluster/kinds.ts';
import { pick } from '../virtual-cluster/random.ts';
import type { VirtualCluster } from '../virtual-cluster/virtual-cluster.ts';

const readSlice = reader(EndpointSliceProjection);

/** Most requests at work at a time, so that engines are empty now and then. */
const MOST_AT_WORK = 3;
/** Longer than an engine may drain, now and then. */
const LONGEST_SECONDS = 16;

interface Listing {
  readonly atMs: number;
  readonly uids: readonly string[];
}

/** Clients that send to the engines that a slice lists, or has listed: they see it up to `lagSeconds` late. */
export class Traffic {
  readonly #cluster: VirtualCluster;
  readonly #lagSeconds: number;
  #listings: readonly Listing[] = [];

  constructor(cluster: VirtualCluster, lagSeconds: number) {
    this.#cluster = cluster;
    this.#lagSeconds = lagSeconds;
  }

  /** Perhaps one more request, after whatever has changed since the last one was seen by those who follow at once. */
  step(): void {
    const { api, engines, nowMs, random } = this.#cluster;
    const endpoints = api
      .list(RESOURCE_TYPES.endpointSlice)
      .flatMap((slice) => readSlice(slice).endpoints ?? []);
    const uids = endpoints.flatMap(({ conditions, targetRef }) =>
      conditions.ready === true && targetRef?.uid !== undefined ? [targetRef.uid] : [],
    );
    const atWork = uids.reduce((sum, uid) => sum + (engines.isWedged(uid) ? 0 : engines.inside(uid)), 0);
    const oldestMs = nowMs - this.#lagSeconds * 1000;
    this.#listings = [...this.#listings.filter(({ atMs }) => atMs > oldestMs), { atMs: nowMs, uids }];
    const seen = pick(random, this.#listings)?.uids ?? [];
    const engine = pick(random, seen);
    const seconds = 1 + Math.floor(random() ** 2 * LONGEST_SECONDS);
    if (engine !== undefined && atWork < MOST_AT_WORK) engines.send(engine, nowMs, seconds);
  }
}
