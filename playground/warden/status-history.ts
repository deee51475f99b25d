import { API_VERSION, PLURAL } from '../../src/api/v1alpha1/constants.ts';
import type { Finding } from '../../src/api/v1alpha1/status.ts';
import { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { Playground } from '../playground.ts';

type Condition = NonNullable<NonNullable<VLLMDeployment['status']>['conditions']>[number];

/** What a fleet's status said of its engines' health, as a watch tells it. */
export class StatusHistory implements AsyncDisposable {
  readonly #playground: Playground;
  readonly #fleet: string;
  /** By engine, signature, state and reason, as first seen. */
  readonly #findings = new Map<string, Finding>();
  /** By type, status and reason, as first seen. */
  readonly #conditions = new Map<string, Condition>();
  readonly #plans = new Set<string>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  #mostClaims = 0;

  constructor(playground: Playground, fleet: string) {
    this.#playground = playground;
    this.#fleet = fleet;
    this.#following = this.#follow();
  }

  /** In the order in which they were first seen; one for each state and reason. */
  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  get conditions(): readonly Condition[] {
    return [...this.#conditions.values()];
  }

  /** Lines of `status.remediation.plan`, in the order in which they were first seen. */
  get plans(): readonly string[] {
    return [...this.#plans];
  }

  /** The most claims that stood at a time. */
  get mostClaims(): number {
    return this.#mostClaims;
  }

  /** @throws Error when the watch broke: what it told would not be the whole life */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const path = `/apis/${API_VERSION}/namespaces/default/${PLURAL}?fieldSelector=metadata.name%3D${this.#fleet}`;
    for await (const { type, object } of this.#playground.watch(path, this.#stop.signal)) {
      if (type !== 'BOOKMARK') this.#observe(VLLMDeployment.parse(object).status);
    }
    if (!this.#stop.signal.aborted) throw new Error('the API server ended the watch of the fleet');
  }

  #observe(status: VLLMDeployment['status']): void {
    this.#mostClaims = Math.max(this.#mostClaims, status?.disruptions?.length ?? 0);
    for (const finding of status?.findings ?? []) {
      const { engine = '', signature, state, reason } = finding;
      keepFirst(this.#findings, [engine, signature, state, reason], finding);
    }
    for (const line of status?.remediation?.plan ?? []) this.#plans.add(line);
    for (const condition of status?.conditions ?? []) {
      keepFirst(this.#conditions, [condition.type, condition.status, condition.reason], condition);
    }
  }
}

function keepFirst<T>(map: Map<string, T>, parts: readonly string[], value: T): void {
  const key = parts.join(' ');
  if (!map.has(key)) map.set(key, value);
}
