import { z } from 'zod';

const httpGetSchema = z.object({
  path: z.string().default('/'),
  port: z.union([z.number(), z.string()]),
  httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
});
const execSchema = z.object({ command: z.array(z.string()).default([]) });

const probeSchema = z.object({
  httpGet: httpGetSchema.optional(),
  exec: execSchema.optional(),
  initialDelaySeconds: z.number().default(0),
  periodSeconds: z.number().default(10),
  timeoutSeconds: z.number().default(1),
  failureThreshold: z.number().default(3),
  successThreshold: z.number().default(1),
});
/** A start-up, readiness or liveness probe, with Kubernetes' defaults. */
export type Probe = z.infer<typeof probeSchema>;

const lifecycleHandlerSchema = z.object({
  httpGet: httpGetSchema.optional(),
  exec: execSchema.optional(),
  sleep: z.object({ seconds: z.number() }).optional(),
});
export type LifecycleHandler = z.infer<typeof lifecycleHandlerSchema>;

const envSchema = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({
      secretKeyRef: z
        .object({ name: z.string(), key: z.string(), optional: z.boolean().default(false) })
        .optional(),
      fieldRef: z.object({ fieldPath: z.string() }).optional(),
    })
    .optional(),
});
export type EnvVar = z.infer<typeof envSchema>;

const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  env: z.array(envSchema).default([]),
  ports: z.array(z.object({ containerPort: z.number() })).default([]),
  startupProbe: probeSchema.optional(),
  readinessProbe: probeSchema.optional(),
  livenessProbe: probeSchema.optional(),
  resources: z
    .object({ limits: z.object({ memory: z.string().optional() }).default({}) })
    .default({ limits: {} }),
  terminationMessagePolicy: z.string().optional(),
  lifecycle: z.object({ preStop: lifecycleHandlerSchema.optional() }).default({}),
});
export type Container = z.infer<typeof containerSchema>;

/** What the node stand-in reads of a pod. Init containers are not run: they count as done. */
export const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
    deletionGracePeriodSeconds: z.number().optional(),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).default('Always'),
    terminationGracePeriodSeconds: z.number().default(30),
    containers: z.array(containerSchema),
  }),
});
export type Pod = z.infer<typeof podSchema>;

export function podPath(pod: Pod): string {
  return `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
}
