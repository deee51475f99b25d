import { z } from 'zod';
import { mapList, RESTARTS_NOTHING, ROLLS, rules, ruleWithValues } from '../schema.ts';
import { ENGINE_ARGS_RULES } from './engine-args.ts';
import { noFlag, SecretKeyRef } from './model.ts';

const Port = z.int().min(1).max(65_535);

export const EngineMetrics = z.object({
  port: Port.exactOptional().describe(`Port of the metrics page. Default: engine.port. ${RESTARTS_NOTHING}`),
  path: z
    .string()
    .min(1)
    .max(256)
    .default('/metrics')
    .describe(`Path of the metrics page. Default: /metrics. ${RESTARTS_NOTHING}`)
    .meta(rules(ruleWithValues("self.startsWith('/')", '"%s" is not a path: let it begin with "/"', 'self'))),
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
    value: z.string().max(32_768).exactOptional().describe(`Value of the variable. Default: empty. ${ROLLS}`),
    valueFrom: z
      .looseObject({})
      .exactOptional()
      .describe(
        `Source of the value as in a container: secretKeyRef, configMapKeyRef, fieldRef or resourceFieldRef. ${ROLLS}`,
      ),
  })
  .meta(
    rules({
      rule: '!(has(self.value) && has(self.valueFrom))',
      message: 'set either value or valueFrom, not both',
    }),
  );

export const Engine = z
  .object({
    image: z
      .string()
      .min(1)
      .max(512)
      .exactOptional()
      .describe(`Container image of vLLM. Default: vllm/vllm-openai:v<engine.version>. ${ROLLS}`)
      .meta(
        rules(
          ruleWithValues("!self.matches('[ \\t\\r\\n]')", '"%s" is not an image: remove the spaces', 'self'),
        ),
      ),
    version: z
      .string()
      .min(1)
      .max(64)
      .exactOptional()
      .describe(
        `Version of vLLM in the image, such as 0.30.0: decides which flags exist. Default: the vX.Y.Z tag of engine.image. ${ROLLS}`,
      )
      .meta(
        rules(
          ruleWithValues(
            "self.matches('^[0-9]{1,4}[.][0-9]{1,4}[.][0-9]{1,4}([.]?(post|rc|dev)[0-9]{1,4})?$')",
            '"%s" is not a release of vLLM: write it as 0.30.0 or 0.8.5.post2, without a leading "v"',
            'self',
          ),
        ),
      ),
    maxModelLen: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .exactOptional()
      .describe(
        `Longest context, in tokens of prompt and answer (--max-model-len). Default: the model's own. ${ROLLS}`,
      ),
    maxNumSeqs: z
      .int()
      .min(1)
      .max(1_000_000)
      .exactOptional()
      .describe(
        `Most requests that run at once in an engine (--max-num-seqs). Default: vLLM's own. ${ROLLS}`,
      ),
    maxNumBatchedTokens: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .exactOptional()
      .describe(`Most tokens of one engine step (--max-num-batched-tokens). Default: vLLM's own. ${ROLLS}`),
    gpuMemoryUtilization: z
      .number()
      .gt(0)
      .max(1)
      .exactOptional()
      .describe(
        `Part of the GPU's memory that vLLM takes, above 0 up to 1 (--gpu-memory-utilization). Default: vLLM's own. ${ROLLS}`,
      ),
    tensorParallelSize: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(`GPUs over which each layer is split (--tensor-parallel-size). Default: 1. ${ROLLS}`),
    pipelineParallelSize: z
      .int()
      .min(1)
      .max(64)
      .default(1)
      .describe(
        `Groups of GPUs over which the layers are split (--pipeline-parallel-size). Default: 1. ${ROLLS}`,
      ),
    kvCacheDtype: z
      .string()
      .min(1)
      .max(64)
      .exactOptional()
      .describe(
        `Data type of the KV cache, such as auto or fp8 (--kv-cache-dtype). Default: vLLM's own. ${ROLLS}`,
      )
      .meta(rules(noFlag)),
    maxQueuedRequests: z
      .int()
      .min(1)
      .max(1_000_000)
      .exactOptional()
      .describe(
        `Waiting requests above which an engine answers 503 (--max-num-queued-reqs; vLLM 0.30 or newer, else without effect). Default: no limit. ${ROLLS}`,
      ),
    args: z
      .array(z.string().max(2048))
      .max(128)
      .default([])
      .describe(
        `Further arguments of "vllm serve", passed on as they are after those of the typed fields, over which they win. Default: none. ${ROLLS}`,
      )
      .meta(rules(...ENGINE_ARGS_RULES)),
    env: z
      .array(EnvVar)
      .max(128)
      .meta(mapList('name'))
      .default([])
      .describe(`Environment of the engine's container. Default: none. ${ROLLS}`),
    port: Port.default(8000).describe(
      `Port on which the engine serves (--port). The Service of the fleet answers at 8000 whatever stands here. Default: 8000. ${ROLLS}`,
    ),
    metrics: EngineMetrics.prefault({}).describe(
      `Where and how often the operator reads the engine's metrics page. ${RESTARTS_NOTHING}`,
    ),
    apiKeySecretRef: SecretKeyRef.exactOptional().describe(
      `Secret key with the API key that clients must send; the engine gets it as VLLM_API_KEY. Default: no key. ${ROLLS}`,
    ),
    startupTimeoutSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(1800)
      .describe(
        `Seconds an engine may take to load the model before it is restarted. Default: 1800. ${ROLLS}`,
      ),
  })
  .meta(
    rules(
      {
        rule: 'has(self.image) || has(self.version)',
        message:
          'set image (such as vllm/vllm-openai:v0.30.0), or version (such as 0.30.0) to run the public image of that version',
      },
      {
        rule: "!has(self.apiKeySecretRef) || !has(self.env) || !self.env.exists(e, e.name == 'VLLM_API_KEY')",
        message: 'apiKeySecretRef sets VLLM_API_KEY: remove that variable from env, or apiKeySecretRef',
      },
    ),
  );
