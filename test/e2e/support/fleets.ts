import { expect } from 'vitest';
import { z } from 'zod';
import { ANNOTATIONS, KIND, LABELS, MEMBER, SERVING } from '../../../src/api/v1alpha1/constants.ts';
import type { Disruption } from '../../../src/api/v1alpha1/status.ts';
import { VLLMDeployment } from '../../../src/api/v1alpha1/vllm-deployment.ts';
import type { Playground } from '../../../playground/playground.ts';
import { applyManifest, expectKubectl } from '../../../playground/warden/install.ts';
import { deletionCost, readPods, type Pod } from '../../../playground/warden/pod-history.ts';
import { eventually } from '../../integration/playground/eventually.ts';

/** The model of every fleet here; simulated engines serve any. */
export const MODEL = 'Qwen/Qwen3-0.6B';

export interface FleetOptions {
  readonly scaling?: Readonly<Record<string, unknown>>;
  /** Merged over the defaults below. */
  readonly engine?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  /** Any other fields of the spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A fleet whose decisions take seconds: pages each second, shrinks after `DOWN_WINDOW_SECONDS`. */
export async function applyFleet(pg: Playground, name: string, options: FleetOptions = {}): Promise<void> {
  const { scaling = { minReplicas: 1, maxReplicas: 4 }, engine, args = [], spec } = options;
  const manifest = {
    apiVersion: 'vllm.warden.dev/v1alpha1',
    kind: 'VLLMDeployment',
    metadata: { name },
    spec: {
      model: { name: MODEL },
      engine: {
        image: 'vllm-warden/simulator:v0.32.0',
        metrics: { intervalSeconds: 1 },
        args,
        ...engine,
      },
      resources: { limits: { 'nvidia.com/gpu': '1' } },
      scaling: { behavior: FAST_SHRINK, ...scaling },
      drain: { settleSeconds: 1, timeoutSeconds: 30 },
      ...spec,
    },
  };
  await applyManifest(pg, JSON.stringify(manifest));
}

export const DOWN_WINDOW_SECONDS = 5;

/** Shrinks by one engine a second once the window is over. */
export const FAST_SHRINK = {
  scaleDown: {
    stabilizationWindowSeconds: DOWN_WINDOW_SECONDS,
    policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }],
  },
};

export function fleetPath(name: string): string {
  return `/apis/vllm.warden.dev/v1alpha1/namespaces/default/vllmdeployments/${name}`;
}

export function readFleet(pg: Playground, name: string): Promise<VLLMDeployment> {
  return pg.call(VLLMDeployment, 'GET', fleetPath(name));
}

/** Merges into the spec, as `kubectl patch` does. */
export async function patchSpec(pg: Playground, name: string, spec: object): Promise<void> {
  await pg.call(VLLMDeployment, 'PATCH', fleetPath(name), { spec }, 'application/merge-patch+json');
}

/** Waits until the fleet's status holds what `expected` says. */
export function fleetStatus(pg: Playground, name: string, expected: object): Promise<VLLMDeployment> {
  return eventually(async () => {
    const fleet = await readFleet(pg, name);
    expect(fleet.status).toMatchObject(expected);
    return fleet;
  });
}

/** Waits until all engines of a fleet of this size are ready and nothing is under way. */
export function settledAt(pg: Playground, name: string, engines: number): Promise<VLLMDeployment> {
  const summary = { ready: `${engines}/${engines}`, desired: String(engines), state: 'Ready' };
  return fleetStatus(pg, name, { replicas: engines, summary });
}

/** What `fleetStatus` expects of a condition, whatever else stands beside it. */
export function withCondition(type: string, status: 'True' | 'False', reason: string): object {
  return { conditions: expect.arrayContaining([expect.objectContaining({ type, status, reason })]) };
}

const Events = z.object({
  items: z.array(
    z.object({
      type: z.string(),
      reason: z.string(),
      note: z.string().optional(),
      regarding: z.object({ kind: z.string(), name: z.string() }),
    }),
  ),
});

/** Reasons of the warnings about a fleet. */
export async function warningsOf(pg: Playground, fleet: string): Promise<readonly string[]> {
  return (await eventsOf(pg, fleet)).filter(({ type }) => type === 'Warning').map(({ reason }) => reason);
}

/** What a fleet's events say, as `Reason: note`. */
export async function eventNotes(pg: Playground, fleet: string): Promise<readonly string[]> {
  return (await eventsOf(pg, fleet)).map(({ reason, note }) => `${reason}: ${note ?? ''}`);
}

async function eventsOf(pg: Playground, fleet: string): Promise<z.infer<typeof Events>['items']> {
  const { items } = await pg.call(Events, 'GET', '/apis/events.k8s.io/v1/namespaces/default/events');
  return items.filter(({ regarding: { kind, name } }) => kind === KIND && name === fleet);
}

/**
 * Waits until all engines of a fleet of this size are ready on the revision that the spec as it is now asks for, and no
 * claim stands.
 */
export function quietAt(pg: Playground, name: string, engines: number): Promise<VLLMDeployment> {
  return eventually(async () => {
    const fleet = await readFleet(pg, name);
    expect(fleet.status).toMatchObject({
      observedGeneration: fleet.metadata.generation,
      replicas: engines,
      summary: { ready: `${engines}/${engines}`, desired: String(engines), state: 'Ready' },
      rollout: { phase: 'Complete' },
    });
    expect(fleet.status?.disruptions ?? []).toEqual([]);
    return fleet;
  });
}

/** Asks for the replacement of an engine as a person does; with null takes it back. */
export async function askReplace(pg: Playground, fleet: string, engine: string | null): Promise<void> {
  const patch = { metadata: { annotations: { [ANNOTATIONS.replace]: engine } } };
  await pg.call(VLLMDeployment, 'PATCH', fleetPath(fleet), patch, 'application/merge-patch+json');
}

/** What a person reads. */
export function describeFleet(pg: Playground, name: string): Promise<string> {
  return expectKubectl(pg, ['describe', 'vllmdeployment', name]);
}

/** What `fleetStatus` expects once a claim on this engine has ended so, whatever ended beside it. */
export function withOutcome(engine: string, outcome: string): object {
  const line = expect.stringMatching(` ${outcome}: \\w+ of ${engine} `);
  return { disruptionHistory: expect.arrayContaining([line]) };
}

/** Waits until a claim of the fleet is at this step. */
export async function claimAt(pg: Playground, name: string, step: Disruption['step']): Promise<Disruption> {
  return eventually(async () => {
    const claims = (await readFleet(pg, name)).status?.disruptions ?? [];
    const claim = claims.find((one) => one.step === step);
    if (claim === undefined) throw new Error(`${name} has no claim at ${step}: ${JSON.stringify(claims)}`);
    return claim;
  });
}

/** Engines that carry what only a claim may put on them. */
export async function strayMarks(pg: Playground, fleet: string): Promise<readonly string[]> {
  return (await readPods(pg, fleet)).filter(isMarked).map(({ metadata }) => metadata.name);
}

function isMarked(pod: Pod): boolean {
  const { labels } = pod.metadata;
  const isOut = labels[LABELS.serving] !== SERVING.true || labels[LABELS.member] !== MEMBER.true;
  return isOut || deletionCost(pod) !== undefined;
}
