import { z } from 'zod';
import { ROLLS, rules } from '../schema.ts';

/** A key of a Secret in the fleet's namespace. */
export const SecretKeyRef = z
  .object({
    name: z.string().min(1).max(253).describe(`Name of the Secret, in the namespace of the fleet. ${ROLLS}`),
    key: z.string().min(1).max(253).describe(`Key inside the Secret. ${ROLLS}`),
  })
  .describe('A key of a Secret in the namespace of the fleet.');

export const ModelCache = z
  .object({
    claimName: z
      .string()
      .min(1)
      .max(253)
      .exactOptional()
      .describe(
        `Name of a PersistentVolumeClaim in the namespace of the fleet; with more than one engine it must be ReadWriteMany. ${ROLLS}`,
      ),
    hostPath: z
      .string()
      .min(1)
      .max(1024)
      .exactOptional()
      .describe(`Absolute path of a folder on the node, made if it does not exist. ${ROLLS}`),
  })
  .meta(
    rules({
      rule: 'has(self.claimName) != has(self.hostPath)',
      message: 'spec.model.cache: set exactly one of claimName and hostPath',
    }),
  );

export const Model = z.object({
  name: z
    .string()
    .min(1)
    .max(512)
    .describe(
      `Model to serve: a Hugging Face repository such as Qwen/Qwen3-0.6B, or a path inside the engine's container. ${ROLLS}`,
    )
    .meta(
      rules({
        rule: "!self.startsWith('-')",
        message:
          'spec.model.name must be the name or path of a model, not a flag; put flags into spec.engine.args',
      }),
    ),
  servedName: z
    .string()
    .min(1)
    .max(512)
    .exactOptional()
    .describe(`Name that clients send as "model" (--served-model-name). Default: model.name. ${ROLLS}`),
  revision: z
    .string()
    .min(1)
    .max(256)
    .exactOptional()
    .describe(
      `Branch, tag or commit of the model's repository (--revision). Default: the repository's main branch. ${ROLLS}`,
    ),
  tokenSecretRef: SecretKeyRef.exactOptional().describe(
    `Secret with the Hugging Face token for gated models; the engine gets it as HF_TOKEN. ${ROLLS}`,
  ),
  cache: ModelCache.exactOptional().describe(
    `Where downloaded models are kept between engine starts (mounted, and named by HF_HOME). Default: inside the container, lost with it. ${ROLLS}`,
  ),
});
