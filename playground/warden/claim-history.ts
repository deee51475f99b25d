import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import { readOutcomes, type Outcome } from '../../src/fleet/outcomes.ts';
import type { Playground } from '../playground.ts';
import { followFleet } from './follow-fleet.ts';

export type ClaimStep = Disruption['step'];

/** A claim as a watch of the fleet saw it; times are epoch milliseconds. */
export interface SeenClaim {
  readonly claim: Disruption;
  readonly beganAtMs: number;
  readonly steps: readonly ClaimStep[];
  /** Undefined while it stands. */
  readonly releasedAtMs: number | undefined;
}

export interface StepEvent {
  readonly fleet: string;
  readonly step: ClaimStep;
}

/** The claims of a fleet, from the first to the last, as a watch of its status tells them. */
export class ClaimHistory implements AsyncDisposable {
  readonly #fleet: string;
  readonly #onStep: (event: StepEvent) => void;
  /** By the victim and the time of the claim. */
  readonly #claims = new Map<string, SeenClaim>();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  /** @param onStep called whenever a claim enters a step */
  constructor(playground: Playground, fleet: string, onStep: (event: StepEvent) => void = () => undefined) {
    this.#fleet = fleet;
    this.#onStep = onStep;
    this.#following = followFleet(playground, fleet, this.#stop.signal, (status) =>
      this.#observe(status, Date.now()),
    );
  }

  get claims(): readonly SeenClaim[] {
    return [...this.#claims.values()];
  }

  /** How claims ended, oldest first. */
  get outcomes(): readonly Outcome[] {
    return [...this.#outcomes.values()];
  }

  /** @throws Error when the watch broke: what it told would not be the whole life */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  #observe(status: VLLMDeployment['status'], atMs: number): void {
    const standing = new Map((status?.disruptions ?? []).map((claim) => [keyOf(claim), claim]));
    for (const [key, claim] of standing) this.#sawStep(key, claim, atMs);
    for (const [key, seen] of this.#claims) {
      if (seen.releasedAtMs === undefined && !standing.has(key)) {
        this.#claims.set(key, { ...seen, releasedAtMs: atMs });
      }
    }
    for (const outcome of readOutcomes(status?.disruptionHistory)) {
      this.#outcomes.set(`${outcome.atMs} ${outcome.engine}`, outcome);
    }
  }

  #sawStep(key: string, claim: Disruption, atMs: number): void {
    const seen = this.#claims.get(key);
    const isNew = seen?.steps.at(-1) !== claim.step;
    const steps = isNew ? [...(seen?.steps ?? []), claim.step] : (seen?.steps ?? []);
    this.#claims.set(key, { claim, beganAtMs: seen?.beganAtMs ?? atMs, steps, releasedAtMs: undefined });
    if (isNew) this.#onStep({ fleet: this.#fleet, step: claim.step });
  }
}

function keyOf({ victimUID, claimedAt }: Disruption): string {
  return `${victimUID} ${claimedAt}`;
}
