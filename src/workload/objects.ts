/** The parts of the Kubernetes API that the builders write; nothing here is read back. */

/** An object that is passed on as the user wrote it. */
export type PassedOn = Readonly<Record<string, unknown>>;
export type NamedObject = PassedOn & { readonly name: string };
export type StringMap = Readonly<Record<string, string>>;

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
}

export interface ChildMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: StringMap;
  readonly ownerReferences: readonly [OwnerReference];
}

export interface HttpProbe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

export type LifecycleHandler =
  | { readonly sleep: { readonly seconds: number } }
  | { readonly exec: { readonly command: readonly string[] } };

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: PassedOn;
}

export interface VolumeMount extends PassedOn {
  readonly name: string;
  readonly mountPath: string;
}

export interface EngineContainer {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly containerPort: number;
    readonly protocol: 'TCP';
  }[];
  readonly env?: readonly EnvVar[];
  readonly resources: { readonly limits?: StringMap; readonly requests?: StringMap };
  readonly startupProbe: HttpProbe;
  readonly readinessProbe: HttpProbe;
  readonly terminationMessagePolicy: 'FallbackToLogsOnError';
  readonly lifecycle?: { readonly preStop: LifecycleHandler };
  readonly volumeMounts: readonly VolumeMount[];
}

export interface PodSpec {
  readonly containers: readonly [EngineContainer];
  readonly initContainers?: readonly NamedObject[];
  readonly volumes: readonly NamedObject[];
  readonly terminationGracePeriodSeconds: number;
  readonly enableServiceLinks: false;
  readonly automountServiceAccountToken?: false;
  readonly serviceAccountName?: string;
  readonly nodeSelector?: StringMap;
  readonly tolerations?: readonly PassedOn[];
  readonly affinity?: PassedOn;
  readonly topologySpreadConstraints?: readonly PassedOn[];
  readonly priorityClassName?: string;
  readonly runtimeClassName?: string;
  readonly schedulerName?: string;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly securityContext?: PassedOn;
}

export interface PodTemplate {
  readonly metadata: { readonly labels: StringMap; readonly annotations: StringMap };
  readonly spec: PodSpec;
}

export interface ReplicaSet {
  readonly apiVersion: 'apps/v1';
  readonly kind: 'ReplicaSet';
  readonly metadata: ChildMeta;
  readonly spec: {
    readonly replicas: number;
    readonly selector: { readonly matchLabels: StringMap };
    readonly template: PodTemplate;
  };
}

export interface Service {
  readonly apiVersion: 'v1';
  readonly kind: 'Service';
  readonly metadata: ChildMeta;
  readonly spec: {
    readonly type: 'ClusterIP';
    readonly selector: StringMap;
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly targetPort: string;
      readonly protocol: 'TCP';
    }[];
  };
}

export interface PodDisruptionBudget {
  readonly apiVersion: 'policy/v1';
  readonly kind: 'PodDisruptionBudget';
  readonly metadata: ChildMeta;
  readonly spec: {
    readonly maxUnavailable: number;
    readonly unhealthyPodEvictionPolicy: 'AlwaysAllow';
    readonly selector: { readonly matchLabels: StringMap };
  };
}

/** What a builder that can refuse returns: the object, or the reason for the condition `Stalled`. */
export type Built<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly reason: 'ImageMissing' | 'TemplateConflict' | 'FlagRejected';
      readonly message: string;
    };
