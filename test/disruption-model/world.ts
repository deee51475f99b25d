import type { JsonObject } from '../../src/api/json.ts';
import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import type { StoredObject } from '../virtual-cluster/api-objects.ts';
import {
  isActive,
  readPod,
  readReplicaSet,
  type VirtualPod,
  type VirtualReplicaSet,
} from '../virtual-cluster/kinds.ts';
import { VirtualCluster } from '../virtual-cluster/virtual-cluster.ts';
import { Traffic } from './traffic.ts';

/** What does not change in the course of a history. */
export interface Setting {
  readonly seed: number;
  /** Engines at the start. */
  readonly size: number;
  /** `Fixed`: by `spec.replicas`. `Scaled`: by equal bounds of `spec.scaling`. */
  readonly sizedBy: 'Fixed' | 'Scaled';
  readonly strategy: 'SurgeFirst' | 'DrainFirst';
  readonly maxUnavailable: number;
  readonly allowDowntime: boolean;
  readonly maxConcurrent: number;
  readonly settleSeconds: number;
  /** Accelerators beyond those that the fleet needs. */
  readonly spareAccelerators: number;
}

export const FLEET = { namespace: 'models', name: 'chat' };
export const FLEET_KEY = 'models/chat';

/** A context length with which engines end instead of getting ready. */
export const BAD_CONTEXT_LENGTH = 666;
const NODES = ['node-a', 'node-b'] as const;
/** Longer than clients lag: what has just started knows nobody. */
const START_SECONDS = 3;
const START_MS = Date.parse('2026-03-02T10:00:00Z');
export const DRAIN_TIMEOUT_SECONDS = 12;

/** The cluster with one fleet, its clients, and people who change what they like. */
export class World {
  readonly cluster: VirtualCluster;
  readonly traffic: Traffic;
  readonly setting: Setting;

  constructor(setting: Setting) {
    this.setting = setting;
    this.cluster = new VirtualCluster({
      seed: setting.seed,
      startMs: START_MS,
      startSeconds: START_SECONDS,
      isBad: ({ spec }) => JSON.stringify(spec.containers).includes(`"${BAD_CONTEXT_LENGTH}"`),
    });
    this.traffic = new Traffic(this.cluster, setting.settleSeconds);
    this.setAccelerators(setting.size + setting.spareAccelerators);
    this.cluster.api.create(RESOURCE_TYPES.fleet, { metadata: FLEET, spec: specOf(setting) }, 'kubectl');
  }

  /** Spreads so many accelerators over the nodes. */
  setAccelerators(count: number): void {
    const [first, second] = NODES;
    this.cluster.scheduler.setNode(first, Math.ceil(count / 2));
    this.cluster.scheduler.setNode(second, Math.floor(count / 2));
  }

  get fleet(): StoredObject {
    const found = this.cluster.api.get(RESOURCE_TYPES.fleet, FLEET);
    if (found === undefined) throw new Error('the fleet is gone');
    return found;
  }

  get pods(): readonly VirtualPod[] {
    return this.cluster.api.list(RESOURCE_TYPES.pod).map(readPod);
  }

  get activePods(): readonly VirtualPod[] {
    return this.pods.filter(isActive);
  }

  /** Whether an engine stands still. */
  get isSick(): boolean {
    return this.pods.some(({ metadata }) => this.cluster.engines.isWedged(metadata.uid));
  }

  get replicaSets(): readonly VirtualReplicaSet[] {
    return this.cluster.api.list(RESOURCE_TYPES.replicaSet).map(readReplicaSet);
  }

  /** A person edits the fleet. */
  editFleet(patch: JsonObject): void {
    this.cluster.api.patch(RESOURCE_TYPES.fleet, FLEET, { patch, by: 'kubectl' });
  }
}

/** The part of the spec that says how many engines there are. */
export function sizeSpec(sizedBy: Setting['sizedBy'], size: number): JsonObject {
  return sizedBy === 'Fixed' ? { replicas: size } : { scaling: { minReplicas: size, maxReplicas: size } };
}

function specOf(setting: Setting): JsonObject {
  const { size, sizedBy, settleSeconds, strategy, maxUnavailable, allowDowntime, maxConcurrent } = setting;
  return {
    model: { name: 'Qwen/Qwen3-0.6B' },
    engine: { image: 'vllm/vllm-openai:v0.30.0', metrics: { intervalSeconds: 1 } },
    ...sizeSpec(sizedBy, size),
    drain: { settleSeconds, timeoutSeconds: DRAIN_TIMEOUT_SECONDS },
    rollout: {
      strategy,
      maxUnavailable,
      maxConcurrent,
      surgeTimeoutSeconds: 4,
      // The API server refuses this combination.
      allowDowntime: allowDowntime && maxUnavailable > 0,
    },
    remediation: { maxPerHour: 10 },
  };
}
