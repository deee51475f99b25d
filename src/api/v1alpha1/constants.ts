/** Names that are API: users, dashboards and running fleets depend on them, so they never change in v1alpha1. */
export const GROUP = 'vllm.warden.dev';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'VLLMDeployment';
export const PLURAL = 'vllmdeployments';
export const SINGULAR = 'vllmdeployment';
export const SHORT_NAMES = ['vllm'] as const;
export const CATEGORIES = ['warden'] as const;

/** Room for `-<revision>` and the ReplicaSet's five random characters below the 63 of a DNS label. */
export const MAX_NAME_LENGTH = 45;

/** Every label and annotation of ours starts with this; users may not set such keys on the pods. */
export const RESERVED_PREFIX = `${GROUP}/`;

export const LABELS = {
  fleet: `${GROUP}/fleet`,
  revision: `${GROUP}/revision`,
  /** `true` while the revision's ReplicaSet owns the pod, `detached` while a replacement is made. */
  member: `${GROUP}/member`,
  /** `true` | `suspect` | `draining`; only `true` receives requests through the Service. */
  serving: `${GROUP}/serving`,
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const MANAGED_BY = 'vllm-warden';

export const MEMBER = { true: 'true', detached: 'detached' } as const;
export const SERVING = { true: 'true', suspect: 'suspect', draining: 'draining' } as const;

export const ANNOTATIONS = {
  /** On a pod: the claim that marked it. */
  claim: `${GROUP}/claim`,
  /** On a pod that drains: labels of the user's router that were taken off, as JSON, to be put back if it stays. */
  drainedLabels: `${GROUP}/drained-labels`,
  /** On a VLLMDeployment: a person asks for the replacement of this engine. */
  replace: `${GROUP}/replace`,
  /** Kubernetes: which pod a ReplicaSet removes first (the lowest cost). */
  podDeletionCost: 'controller.kubernetes.io/pod-deletion-cost',
  /** Cluster autoscaler: volumes that do not keep it from removing a node. */
  safeToEvictLocalVolumes: 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes',
} as const;

/** One field manager a purpose, so that `managedFields` says why a field was written. */
export const FIELD_MANAGERS = {
  children: 'vllm-warden',
  status: 'vllm-warden-status',
  claims: 'vllm-warden-claims',
  scale: 'vllm-warden-scale',
  marks: 'vllm-warden-marks',
  history: 'vllm-warden-history',
} as const;

/** True when good: Ready, MetricsAvailable, ScalingActive. All others are true when bad. */
export const CONDITIONS = {
  ready: 'Ready',
  metricsAvailable: 'MetricsAvailable',
  scalingActive: 'ScalingActive',
  scalingLimited: 'ScalingLimited',
  targetUnreachable: 'TargetUnreachable',
  conflictingAutoscaler: 'ConflictingAutoscaler',
  engineVersionUnknown: 'EngineVersionUnknown',
  rolloutStopped: 'RolloutStopped',
  restartBlocked: 'RestartBlocked',
  engineUnhealthy: 'EngineUnhealthy',
  remediationHalted: 'RemediationHalted',
  stalled: 'Stalled',
  reconciling: 'Reconciling',
} as const;

/** Names inside the pod that the operator owns. */
export const ENGINE_CONTAINER = 'engine';
export const HTTP_PORT_NAME = 'http';
export const SERVICE_PORT = 8000;
export const SHM_VOLUME = 'shm';
export const CACHE_VOLUME = 'model-cache';
export const SHM_PATH = '/dev/shm';
export const CACHE_PATH = '/var/cache/huggingface';

/** How long an engine may finish its requests after SIGTERM when `drain.timeoutSeconds` is not set. */
export const DEFAULT_DRAIN_TIMEOUT_SECONDS = 600;
