import { z } from 'zod';
import type { Playground } from '../playground.ts';
import { OPERATOR_NAMESPACE } from './install.ts';
import { startOperator, type OperatorProcess } from './operator-process.ts';
import { eventually } from '../eventually.ts';

/** A lease that changes hands within seconds. */
export const SHORT_LEASE = [
  '--lease-duration',
  '2s',
  '--renew-deadline',
  '1500ms',
  '--retry-period',
  '300ms',
];

const LEASE_PATH = `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/vllm-warden`;
const Lease = z.object({ spec: z.object({ holderIdentity: z.string().default('') }) });

/** Who holds the lease; empty when it was given back. */
export async function leaseHolder(pg: Playground): Promise<string> {
  return (await pg.call(Lease, 'GET', LEASE_PATH)).spec.holderIdentity;
}

/** Two operators, one of which leads, as the chart deploys them: one that ends is started anew. */
export class OperatorPair implements AsyncDisposable {
  readonly #playground: Playground;
  readonly #flags: readonly string[];
  readonly #operators = new Set<OperatorProcess>();
  #started = 0;
  #isStopping = false;

  private constructor(playground: Playground, flags: readonly string[]) {
    this.#playground = playground;
    this.#flags = flags;
  }

  static async start(playground: Playground, flags: readonly string[] = []): Promise<OperatorPair> {
    const pair = new OperatorPair(playground, flags);
    await pair.#add();
    await pair.#add();
    return pair;
  }

  /** Waits until one of the two holds the lease. */
  leader(): Promise<OperatorProcess> {
    return eventually(async () => {
      const holder = await leaseHolder(this.#playground);
      const leader = [...this.#operators].find(
        (operator) => holder !== '' && operator.log().includes(holder),
      );
      if (leader === undefined) throw new Error(`the lease is held by "${holder}", which does not run`);
      return leader;
    });
  }

  /** The one that does not lead. */
  async standby(): Promise<OperatorProcess> {
    const leader = await this.leader();
    const standby = [...this.#operators].find((operator) => operator !== leader);
    if (standby === undefined) throw new Error('no operator stands by');
    return standby;
  }

  /** Kills the leader as a crash of its node would. */
  async killLeader(): Promise<void> {
    const leader = await this.leader();
    leader.kill('SIGKILL');
    await leader.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#operators].map((operator) => operator.stop()));
  }

  async #add(): Promise<void> {
    this.#started += 1;
    const name = `operator-${this.#started}`;
    const operator = await startOperator(this.#playground, { name, flags: this.#flags });
    this.#operators.add(operator);
    if (this.#isStopping) await operator.stop();
    void operator.exited.then(() => {
      this.#operators.delete(operator);
      return this.#isStopping ? undefined : this.#add();
    });
  }
}
