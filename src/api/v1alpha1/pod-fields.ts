import { VLLMDeploymentSpec } from './spec.ts';

/**
 * The fields of the spec that shape the pods, by path; a path stands for everything below it. A revision is a
 * hash of these and of nothing else, so what is not listed here restarts no engine. Each listed field says so
 * in its description (a test compares both).
 */
export const POD_FIELDS = [
  'model',
  'engine.image',
  'engine.version',
  'engine.maxModelLen',
  'engine.maxNumSeqs',
  'engine.maxNumBatchedTokens',
  'engine.gpuMemoryUtilization',
  'engine.tensorParallelSize',
  'engine.pipelineParallelSize',
  'engine.kvCacheDtype',
  'engine.maxQueuedRequests',
  'engine.args',
  'engine.env',
  'engine.port',
  'engine.apiKeySecretRef',
  'engine.startupTimeoutSeconds',
  'resources',
  'template',
  'drain',
] as const;

/** Fields below those that shape no pod all the same. */
export const FREE_FIELDS = ['drain.labels'] as const;

const smallest = VLLMDeploymentSpec.parse({ model: { name: 'any' }, engine: {} });

/** The default of every field that has one, at its place in the spec. */
export const SPEC_DEFAULTS: Readonly<Record<string, unknown>> = { ...smallest, model: {} };
