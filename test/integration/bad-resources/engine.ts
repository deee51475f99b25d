import { type BadResource, invalid, malformed } from './printed.ts';

const ARGS = 'spec.engine.args: Invalid value: "array": ';
const SPANS_NODES =
  'engines that span nodes are not run by this version; use spec.engine.tensorParallelSize and pipelineParallelSize within one pod';
const OUTER_BALANCER =
  'data-parallel ranks with a balancer of their own are not run by this version; use --data-parallel-size alone, or more replicas';
const PREFILL_DECODE =
  'prefill/decode disaggregation (kv_role, transfer connectors) is not run by this version: remove --kv-transfer-config; KV offloading inside one engine (--kv-offloading-size) is fine';
const PLAIN_HTTP = 'engines must answer plain HTTP on the address of their pod, at spec.engine.port';
const CACHE_SOURCE =
  'spec.model.cache: Invalid value: "object": set exactly one of claimName (a PersistentVolumeClaim) and hostPath (a folder on the node)';

/** The model and how vLLM is run. */
export const BAD_ENGINES: readonly BadResource[] = [
  ['no model', 'spec: {model: null}', malformed('spec.model: Required value')],
  [
    'neither an image nor a version',
    'spec: {engine: {image: null}}',
    invalid(
      'spec.engine: Invalid value: "object": set image (such as vllm/vllm-openai:v0.30.0), or version (such as 0.30.0) to run the public image of that version',
    ),
  ],
  [
    'a version with a leading v',
    'spec: {engine: {version: v0.30}}',
    invalid(
      'spec.engine.version: Invalid value: "string": "v0.30" is not a release of vLLM: write it as 0.30.0 or 0.8.5.post2, without a leading "v"',
    ),
  ],
  [
    'GPU memory in per cent',
    'spec: {engine: {gpuMemoryUtilization: 90}}',
    invalid(
      'spec.engine.gpuMemoryUtilization: Invalid value: 90: spec.engine.gpuMemoryUtilization in body should be less than or equal to 1',
    ),
  ],
  [
    'a tensor parallel size of 0',
    'spec: {engine: {tensorParallelSize: 0}}',
    invalid(
      'spec.engine.tensorParallelSize: Invalid value: 0: spec.engine.tensorParallelSize in body should be greater than or equal to 1',
    ),
  ],
  [
    'a port that does not exist',
    'spec: {engine: {port: 70000}}',
    invalid(
      'spec.engine.port: Invalid value: 70000: spec.engine.port in body should be less than or equal to 65535',
    ),
  ],
  [
    'a scrape interval of 0',
    'spec: {engine: {metrics: {intervalSeconds: 0}}}',
    invalid(
      'spec.engine.metrics.intervalSeconds: Invalid value: 0: spec.engine.metrics.intervalSeconds in body should be greater than or equal to 1',
    ),
  ],
  [
    'a metrics path without a slash',
    'spec: {engine: {metrics: {path: metrics}}}',
    invalid(
      'spec.engine.metrics.path: Invalid value: "string": "metrics" is not a path: let it begin with "/"',
    ),
  ],
  [
    "a start-up shorter than any engine's",
    'spec: {engine: {startupTimeoutSeconds: 5}}',
    invalid(
      'spec.engine.startupTimeoutSeconds: Invalid value: 5: spec.engine.startupTimeoutSeconds in body should be greater than or equal to 10',
    ),
  ],
  ['--headless', 'spec: {engine: {args: [--headless]}}', invalid(`${ARGS}remove --headless: ${SPANS_NODES}`)],
  [
    '--nnodes with its value',
    'spec: {engine: {args: [--nnodes=2]}}',
    invalid(`${ARGS}remove --nnodes: ${SPANS_NODES}`),
  ],
  [
    '--data-parallel-address in the other spelling',
    'spec: {engine: {args: [--data_parallel_address, 10.0.0.1]}}',
    invalid(`${ARGS}remove --data_parallel_address: ${SPANS_NODES}`),
  ],
  [
    'a data-parallel rank',
    'spec: {engine: {args: [--data-parallel-rank, "1"]}}',
    invalid(`${ARGS}remove --data-parallel-rank: ${OUTER_BALANCER}`),
  ],
  [
    'a prefill engine',
    'spec: {engine: {args: [--kv-transfer-config, \'{"kv_connector":"NixlConnector","kv_role":"kv_producer"}\']}}',
    invalid(`${ARGS}${PREFILL_DECODE}`),
  ],
  [
    '--port as raw argument',
    'spec: {engine: {args: [--port, "9000"]}}',
    invalid(`${ARGS}remove --port: set spec.engine.port instead`),
  ],
  [
    '--served-model-name in the other spelling, with its value',
    'spec: {engine: {args: [--served_model_name=x]}}',
    invalid(`${ARGS}remove --served_model_name: set spec.model.servedName instead`),
  ],
  [
    '--model as raw argument',
    'spec: {engine: {args: [--model, x]}}',
    invalid(`${ARGS}remove --model: set spec.model.name instead`),
  ],
  [
    '--shutdown-timeout as raw argument',
    'spec: {engine: {args: [--shutdown-timeout, "5"]}}',
    invalid(`${ARGS}remove --shutdown-timeout: set spec.drain.timeoutSeconds instead`),
  ],
  [
    '--host as raw argument',
    'spec: {engine: {args: [--host, 127.0.0.1]}}',
    invalid(`${ARGS}remove --host: ${PLAIN_HTTP}`),
  ],
  [
    'a flag and its value in one argument',
    'spec: {engine: {args: [--max-num-seqs 16]}}',
    invalid(`${ARGS}split "--max-num-seqs 16" into two arguments: the flag and its value`),
  ],
  [
    'an argument that is a number',
    'spec: {engine: {args: [8]}}',
    malformed(
      'spec.engine.args[0]: Invalid value: "integer": spec.engine.args[0] in body must be of type string: "integer"',
    ),
  ],
  [
    'arguments that are no list',
    'spec: {engine: {args: --enforce-eager}}',
    malformed(
      'spec.engine.args: Invalid value: "string": spec.engine.args in body must be of type array: "string"',
    ),
  ],
  [
    'a variable that is set twice',
    'spec: {engine: {env: [{name: A, value: "1"}, {name: A, value: "2"}]}}',
    invalid('spec.engine.env[1]: Duplicate value: {"name":"A"}'),
  ],
  [
    'a variable with two sources',
    'spec: {engine: {env: [{name: A, value: "1", valueFrom: {}}]}}',
    invalid('spec.engine.env[0]: Invalid value: "object": set either value or valueFrom, not both'),
  ],
  [
    'a variable without a name',
    'spec: {engine: {env: [{value: "1"}]}}',
    malformed('spec.engine.env[0].name: Required value'),
  ],
  [
    'HF_TOKEN beside the field that sets it',
    'spec: {engine: {env: [{name: HF_TOKEN, value: x}]}, model: {tokenSecretRef: {name: s, key: token}}}',
    invalid(
      'spec: Invalid value: "object": model.tokenSecretRef sets HF_TOKEN: remove that variable from engine.env, or model.tokenSecretRef',
    ),
  ],
  ['a cache in two places', 'spec: {model: {cache: {claimName: a, hostPath: /a}}}', invalid(CACHE_SOURCE)],
  ['a cache that is nowhere', 'spec: {model: {cache: {}}}', invalid(CACHE_SOURCE)],
  [
    'a cache at a relative path',
    'spec: {model: {cache: {hostPath: a}}}',
    invalid(
      'spec.model.cache.hostPath: Invalid value: "string": "a" is not an absolute path: let it begin with "/"',
    ),
  ],
  [
    'a flag as name of the model',
    'spec: {model: {name: --foo}}',
    invalid(
      'spec.model.name: Invalid value: "string": "--foo" must not begin with "-": write flags of vLLM into spec.engine.args',
    ),
  ],
  [
    'a Secret without its key',
    'spec: {model: {tokenSecretRef: {name: s}}}',
    malformed('spec.model.tokenSecretRef.key: Required value'),
  ],
  [
    'an image with a space',
    'spec: {engine: {image: "a b"}}',
    invalid('spec.engine.image: Invalid value: "string": "a b" is not an image: remove the spaces'),
  ],
  [
    'a flag as type of the KV cache',
    'spec: {engine: {kvCacheDtype: --x}}',
    invalid(
      'spec.engine.kvCacheDtype: Invalid value: "string": "--x" must not begin with "-": write flags of vLLM into spec.engine.args',
    ),
  ],
  [
    'VLLM_API_KEY beside the field that sets it',
    'spec: {engine: {apiKeySecretRef: {name: a, key: b}, env: [{name: VLLM_API_KEY}]}}',
    invalid(
      'spec.engine: Invalid value: "object": apiKeySecretRef sets VLLM_API_KEY: remove that variable from env, or apiKeySecretRef',
    ),
  ],
];
