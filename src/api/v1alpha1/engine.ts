import { z } from 'zod';
import { mapList, RESTARTS_NOTHING, ROLLS } from '../schema.ts';
import { SecretKeyRef } from './model.ts';

export const Port = z.int().min(1).max(65_535);

export const EngineMetrics = z.object({
  port: Port.exactOptional().describe(`Port of the metrics page. Default: engine.port. ${RESTARTS_NOTHING}`),
  path: z
    .string()
    .min(1)
    .max(256)
    .default('/metrics')
    .describe(`Path of the metrics page. Default: /metrics. ${RESTARTS_NOTHING}`),
  intervalSeconds: z
    .int()
    .min(1)
    .max(60)
    .default(5)
    .describe(
      `Seconds between two reads of an engine's metrics page, 1 to 60. Default: 5. ${RESTARTS_NOTHING}`,
    ),
});

export const EnvVar = z
  .object({
    name: z.string().min(1).max(256).describe(`Name of the variable. ${ROLLS}`),
    value: z.string().max(32_768).exactOptional().describe(`Value of the variable. ${ROLLS}`),
    valueFrom: z
      .looseObject({})
      .exactOptional()
      .describe(
        `Source of the value, as in a container (secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef). ${ROLLS}`,
      ),
  })
  .describe('An environment variable, as in a container.');

export const Engine = z.object({
  image: z.string().min(1).max(512).exactOptional(),
  version: z.string().min(1).max(64).exactOptional(),
  maxModelLen: z.int().min(1).exactOptional(),
  maxNumSeqs: z.int().min(1).max(1_000_000).exactOptional(),
  maxNumBatchedTokens: z.int().min(1).max(100_000_000).exactOptional(),
  gpuMemoryUtilization: z.number().gt(0).max(1).exactOptional(),
  tensorParallelSize: z.int().min(1).max(64).default(1),
  pipelineParallelSize: z.int().min(1).max(64).default(1),
  kvCacheDtype: z.string().min(1).max(64).exactOptional(),
  maxQueuedRequests: z.int().min(1).max(1_000_000).exactOptional(),
  args: z.array(z.string().max(4096)).max(128).default([]),
  env: z.array(EnvVar).max(128).meta(mapList('name')).default([]),
  port: Port.default(8000),
  metrics: EngineMetrics.prefault({}),
  apiKeySecretRef: SecretKeyRef.exactOptional(),
  startupTimeoutSeconds: z.int().min(10).max(86_400).default(1800),
});
