import { z } from 'zod';
import { type CelRule, ROLLS, rules, ruleWithValues } from '../schema.ts';

/** A text that becomes an argument of the command line: vLLM would take a leading dash for a flag. */
export const noFlag: CelRule = ruleWithValues(
  "!self.startsWith('-')",
  '"%s" must not begin with "-": write flags of vLLM into spec.engine.args',
  'self',
);

/** A key of a Secret in the fleet's namespace. */
export const SecretKeyRef = z.object({
  name: z.string().min(1).max(253).describe(`Name of the Secret, in the namespace of the fleet. ${ROLLS}`),
  key: z.string().min(1).max(253).describe(`Key inside the Secret. ${ROLLS}`),
});

export const ModelCache = z
  .object({
    claimName: z
      .string()
      .min(1)
      .max(253)
      .exactOptional()
      .describe(
        `Name of a PersistentVolumeClaim in the namespace of the fleet; engines on several nodes need the access mode ReadWriteMany. ${ROLLS}`,
      ),
    hostPath: z
      .string()
      .min(1)
      .max(1024)
      .exactOptional()
      .describe(`Absolute path of a folder on the node; made if it is not there. ${ROLLS}`)
      .meta(
        rules(
          ruleWithValues(
            "self.startsWith('/')",
            '"%s" is not an absolute path: let it begin with "/"',
            'self',
          ),
        ),
      ),
  })
  .meta(
    rules({
      rule: 'has(self.claimName) != has(self.hostPath)',
      message: 'set exactly one of claimName (a PersistentVolumeClaim) and hostPath (a folder on the node)',
    }),
  );

export const Model = z.object({
  name: z
    .string()
    .min(1)
    .max(512)
    .describe(
      `Model to serve: a Hugging Face repository such as Qwen/Qwen3-0.6B, or a path inside the container. ${ROLLS}`,
    )
    .meta(rules(noFlag)),
  servedName: z
    .string()
    .min(1)
    .max(512)
    .exactOptional()
    .describe(`Name that clients send as "model" (--served-model-name). Default: model.name. ${ROLLS}`)
    .meta(rules(noFlag)),
  revision: z
    .string()
    .min(1)
    .max(256)
    .exactOptional()
    .describe(
      `Branch, tag or commit of the model's repository (--revision). Default: its main branch. ${ROLLS}`,
    )
    .meta(rules(noFlag)),
  tokenSecretRef: SecretKeyRef.exactOptional().describe(
    `Secret key with the Hugging Face token for gated models; the engine gets it as HF_TOKEN. Default: no token. ${ROLLS}`,
  ),
  cache: ModelCache.exactOptional().describe(
    `Where downloaded models outlive an engine (HF_HOME). Default: inside the container, downloaded at each start. ${ROLLS}`,
  ),
});
