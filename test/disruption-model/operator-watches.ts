import { LABELS } from '../../src/api/v1alpha1/constants.ts';
import { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { Caches } from '../../src/controllers/vllm-deployment/caches.ts';
import {
  AutoscalerProjection,
  DisruptionBudgetProjection,
  EndpointSliceProjection,
  PodProjection,
  ReplicaSetProjection,
  ServiceProjection,
} from '../../src/controllers/vllm-deployment/projections.ts';
import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import type { VirtualApi } from '../virtual-cluster/virtual-api.ts';
import { WatchSource, type Feed } from '../virtual-cluster/watch-source.ts';

export const STORES = [
  'fleets',
  'pods',
  'replicaSets',
  'services',
  'endpointSlices',
  'disruptionBudgets',
] as const;
export type StoreName = (typeof STORES)[number];

/** Watches of a cluster by which any number of operator processes fill their caches; see `cli/operator.ts`. */
export class OperatorWatches {
  readonly #fleets;
  readonly #pods;
  readonly #replicaSets;
  readonly #services;
  readonly #endpointSlices;
  readonly #budgets;
  readonly #autoscalers;

  constructor(api: VirtualApi) {
    const { fleet, pod, replicaSet, service, endpointSlice, disruptionBudget, autoscaler } = RESOURCE_TYPES;
    this.#fleets = new WatchSource(api, fleet, VLLMDeployment);
    this.#pods = new WatchSource(api, pod, PodProjection, LABELS.fleet);
    this.#replicaSets = new WatchSource(api, replicaSet, ReplicaSetProjection, LABELS.fleet);
    this.#services = new WatchSource(api, service, ServiceProjection, LABELS.fleet);
    this.#endpointSlices = new WatchSource(api, endpointSlice, EndpointSliceProjection, LABELS.fleet);
    this.#budgets = new WatchSource(api, disruptionBudget, DisruptionBudgetProjection);
    this.#autoscalers = new WatchSource(api, autoscaler, AutoscalerProjection);
  }

  /** Lists everything into the caches; what comes later waits in the feeds. */
  follow(caches: Caches): Readonly<Record<StoreName, Pick<Feed<unknown>, 'deliver' | 'waiting'>>> {
    this.#autoscalers.follow(caches.autoscalers);
    return {
      fleets: this.#fleets.follow(caches.fleets),
      pods: this.#pods.follow(caches.pods),
      replicaSets: this.#replicaSets.follow(caches.replicaSets),
      services: this.#services.follow(caches.services),
      endpointSlices: this.#endpointSlices.follow(caches.endpointSlices),
      disruptionBudgets: this.#budgets.follow(caches.disruptionBudgets),
    };
  }
}
