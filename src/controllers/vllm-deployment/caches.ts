import { LABELS } from '../../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import type { Log } from '../../runtime/ports.ts';
import { Store } from '../../runtime/store.ts';
import type {
  AutoscalerProjection,
  DisruptionBudgetProjection,
  EndpointSliceProjection,
  PodProjection,
  ReplicaSetProjection,
  ServiceProjection,
} from './projections.ts';

/** Set on each slice by Kubernetes. */
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

type ByFleet = 'fleet';
type ByNamespace = 'namespace';

/** The caches that the controller reads. Objects of a fleet are found by `namespace/name` of the fleet. */
export interface Caches {
  readonly fleets: Store<VLLMDeployment>;
  readonly pods: Store<PodProjection, ByFleet>;
  readonly replicaSets: Store<ReplicaSetProjection, ByFleet>;
  readonly services: Store<ServiceProjection, ByFleet>;
  /** They carry the labels of their Service. Only those of the fleet's own are found by it, not of another one. */
  readonly endpointSlices: Store<EndpointSliceProjection, ByFleet>;
  /** All budgets, since anybody's may select the engines. */
  readonly disruptionBudgets: Store<DisruptionBudgetProjection, ByNamespace>;
  readonly autoscalers: Store<AutoscalerProjection, ByNamespace>;
}

interface Labelled {
  readonly metadata: { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
}

export function newCaches(log: Log): Caches {
  const byFleet = { fleet: fleetKeys };
  const byNamespace = { namespace: ({ metadata }: Labelled) => [metadata.namespace] };
  return {
    fleets: new Store({ log }),
    pods: new Store<PodProjection, ByFleet>({ log, indexes: byFleet }),
    replicaSets: new Store<ReplicaSetProjection, ByFleet>({ log, indexes: byFleet }),
    services: new Store<ServiceProjection, ByFleet>({ log, indexes: byFleet }),
    endpointSlices: new Store<EndpointSliceProjection, ByFleet>({
      log,
      indexes: { fleet: serviceKeys },
    }),
    disruptionBudgets: new Store<DisruptionBudgetProjection, ByNamespace>({ log, indexes: byNamespace }),
    autoscalers: new Store<AutoscalerProjection, ByNamespace>({ log, indexes: byNamespace }),
  };
}

/** The key of the fleet that an object's labels name, if any. */
export function fleetKeys({ metadata }: Labelled): readonly string[] {
  const fleet = metadata.labels?.[LABELS.fleet];
  return fleet === undefined ? [] : [`${metadata.namespace}/${fleet}`];
}

/** The key of the Service that a slice belongs to; a fleet's Service has its name. */
function serviceKeys({ metadata }: Labelled): readonly string[] {
  const service = metadata.labels?.[SERVICE_NAME_LABEL];
  return service === undefined ? [] : [`${metadata.namespace}/${service}`];
}
