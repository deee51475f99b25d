import { z } from 'zod';
import type { Playground } from '../../../playground/playground.ts';

const containerState = z.object({
  waiting: z.object({ reason: z.string() }).optional(),
  running: z.object({ startedAt: z.string() }).optional(),
  terminated: z
    .object({ exitCode: z.number(), reason: z.string(), message: z.string().optional() })
    .optional(),
});

const podSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({
    phase: z.string(),
    podIP: z.string().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
    containerStatuses: z
      .array(
        z.object({
          ready: z.boolean(),
          started: z.boolean(),
          restartCount: z.number(),
          state: containerState,
          lastState: containerState,
        }),
      )
      .default([]),
  }),
});
export type PodView = z.infer<typeof podSchema>;

export async function readPod(pg: Playground, name: string): Promise<PodView> {
  return pg.call(podSchema, 'GET', `/api/v1/namespaces/default/pods/${name}`);
}

export async function readPods(pg: Playground, selector: string): Promise<PodView[]> {
  const list = z.object({ items: z.array(podSchema) });
  const path = `/api/v1/namespaces/default/pods?labelSelector=${encodeURIComponent(selector)}`;
  return (await pg.call(list, 'GET', path)).items;
}

export function isReady(pod: PodView): boolean {
  return pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

export interface PodOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly gpus?: number;
  readonly grace?: number;
  /** Merged into the container. */
  readonly container?: Readonly<Record<string, unknown>>;
}

/** A pod template with one container that listens on 8000 and is probed at /health every second. */
export function podTemplate(app: string, options: PodOptions = {}): Readonly<Record<string, unknown>> {
  const httpGet = { path: '/health', port: 8000 };
  return {
    metadata: { labels: { app }, annotations: options.annotations ?? {} },
    spec: {
      terminationGracePeriodSeconds: options.grace ?? 30,
      containers: [
        {
          name: 'engine',
          image: options.image ?? 'fake/engine',
          ports: [{ name: 'http', containerPort: 8000 }],
          resources: { limits: { 'nvidia.com/gpu': String(options.gpus ?? 0) } },
          readinessProbe: { httpGet, periodSeconds: 1, failureThreshold: 1 },
          ...options.container,
        },
      ],
    },
  };
}

/** Creates one bare pod. */
export async function createPod(pg: Playground, name: string, options: PodOptions = {}): Promise<PodView> {
  const { metadata, ...rest } = podTemplate(name, options);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...z.looseObject({}).parse(metadata) },
    ...rest,
  };
  return pg.call(podSchema, 'POST', '/api/v1/namespaces/default/pods', pod);
}
