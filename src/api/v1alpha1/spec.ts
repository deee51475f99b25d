import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';
import { type CelRule, RESTARTS_NOTHING, ROLLS, rules } from '../schema.ts';
import { CACHE_PATH } from './constants.ts';
import { Drain } from './drain.ts';
import { Engine } from './engine.ts';
import { Latency } from './latency.ts';
import { Model } from './model.ts';
import { Remediation } from './remediation.ts';
import { Resources } from './resources.ts';
import { Rollout } from './rollout.ts';
import { Scaling } from './scaling.ts';
import { Template } from './template.ts';

/** `engine.env` may not hold what a typed field of the model sets. */
function setsVariable(field: 'tokenSecretRef' | 'cache', variable: string): CelRule {
  return {
    rule: `!has(self.model.${field}) || !has(self.engine.env) || !self.engine.env.exists(e, e.name == '${variable}')`,
    message: `model.${field} sets ${variable}: remove that variable from engine.env, or model.${field}`,
  };
}

export const VLLMDeploymentSpec = z
  .object({
    model: Model.describe(`Which model the engines serve. ${ROLLS}`),
    engine: Engine.describe('How vLLM is run. Each field says whether changing it rolls the fleet.'),
    resources: Resources.prefault({}).describe(`GPUs, memory and CPU of each engine. ${ROLLS}`),
    template: Template.prefault({}).describe(
      `What the pods hold besides the engine: placement, volumes, sidecars. Maps are merged, lists appended. ${ROLLS}`,
    ),
    replicas: z
      .int()
      .min(0)
      .max(10_000)
      .exactOptional()
      .describe(
        `Number of engines. Without scaling: the fixed size, or the one your own autoscaler sets through the scale subresource. With scaling: the least size for scaling.manualHoldMinutes after it last changed. Default: none. ${RESTARTS_NOTHING}`,
      ),
    scaling: Scaling.exactOptional().describe(
      `Lets the operator size the fleet by its load. Default: none, the size is replicas. ${RESTARTS_NOTHING}`,
    ),
    latency: Latency.prefault({}).describe(
      `Latency that the fleet owes its users: by what they use it for, or in milliseconds. ${RESTARTS_NOTHING}`,
    ),
    drain: Drain.prefault({}).describe(
      'How an engine stops without losing a request. Each field says whether changing it rolls the fleet.',
    ),
    rollout: Rollout.prefault({}).describe(
      'How engines are replaced by others. Each field says what changing it does.',
    ),
    remediation: Remediation.prefault({}).describe(
      `What is done about engines that leak, hang or die. ${RESTARTS_NOTHING}`,
    ),
    suspend: z
      .boolean()
      .default(false)
      .describe(
        `True takes the operator's hands off this fleet: engines and Service go on, nothing is created, sized or removed. Default: false. ${RESTARTS_NOTHING}`,
      ),
  })
  .meta(
    rules(
      {
        rule: 'has(self.replicas) || has(self.scaling)',
        message:
          'set replicas for a fixed size, or scaling with maxReplicas to let the operator size the fleet, or both',
      },
      {
        rule: `!has(self.drain) || !has(self.drain.labels) || self.drain.labels.all(l, has(self.template) && has(self.template.labels) && l.key in self.template.labels && self.template.labels[l.key] == l.value)`,
        message:
          'drain.labels takes labels off engines that drain: set each of them, with the same value, in template.labels too',
      },
      setsVariable('tokenSecretRef', 'HF_TOKEN'),
      setsVariable('cache', 'HF_HOME'),
      {
        rule: `!has(self.model.cache) || !has(self.template) || !has(self.template.volumeMounts) || !self.template.volumeMounts.exists(m, m.mountPath.matches('^${CACHE_PATH}/*$'))`,
        message: `model.cache is mounted at ${CACHE_PATH}: mount this volume elsewhere`,
      },
      {
        rule: '!has(self.template) || !has(self.template.initContainers) || !has(self.template.sidecars) || !self.template.sidecars.exists(s, self.template.initContainers.exists(c, c.name == s.name))',
        message:
          'template.initContainers and template.sidecars share a name: give one of the containers another name',
      },
    ),
  );

/** The spec as the operator sees it: defaults filled, frozen. */
export type VLLMDeploymentSpec = DeepReadonly<z.output<typeof VLLMDeploymentSpec>>;
