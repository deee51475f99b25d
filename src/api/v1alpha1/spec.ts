import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';
import { Drain } from './drain.ts';
import { Engine } from './engine.ts';
import { Model } from './model.ts';
import { Resources } from './resources.ts';
import { Scaling } from './scaling.ts';
import { Template } from './template.ts';

export const VLLMDeploymentSpec = z.object({
  model: Model,
  engine: Engine,
  resources: Resources.prefault({}),
  template: Template.prefault({}),
  replicas: z.int().min(0).max(10_000).exactOptional(),
  scaling: Scaling.exactOptional(),
  drain: Drain.prefault({}),
  suspend: z.boolean().default(false),
});

/** The spec as the operator sees it: defaults filled, frozen. */
export type VLLMDeploymentSpec = DeepReadonly<z.output<typeof VLLMDeploymentSpec>>;
