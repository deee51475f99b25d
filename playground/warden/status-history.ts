import type { Finding } from '../../src/api/v1alpha1/status.ts';
import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { Playground } from '../playground.ts';
import { followFleet } from './follow-fleet.ts';

type Condition = NonNullable<NonNullable<VLLMDeployment['status']>['conditions']>[number];

/** What a fleet's status said of its engines' health, as a watch tells it. */
export class StatusHistory implements AsyncDisposable {
  /** By engine, signature, state and reason, as first seen. */
  readonly #findings = new Map<string, Finding>();
  /** By type, status and reason, as first seen. */
  readonly #conditions = new Map<string, Condition>();
  readonly #plans = new Set<string>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  #mostClaims = 0;

  constructor(playground: Playground, fleet: string) {
    this.#following = followFleet(playground, fleet, this.#stop.signal, (status) => this.#observe(status));
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
