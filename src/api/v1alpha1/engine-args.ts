import { type CelRule, ruleWithValues } from '../schema.ts';

/** vLLM takes `--a-b`, `--a_b` and `--a-b=value`. */
function flagPattern(...flags: readonly string[]): string {
  const spelled = flags.map((flag) => flag.replace(/(?<=\w)-/g, '[-_]'));
  return `^(${spelled.join('|')})(=.*)?$`;
}

/** No argument may match `pattern`; the message names the first that does, without its value. */
function refuse(pattern: string, remedy: string): CelRule {
  const first = `self.filter(arg, arg.matches('${pattern}'))[0].split('=')[0]`;
  return ruleWithValues(`!self.exists(arg, arg.matches('${pattern}'))`, `remove %s: ${remedy}`, first);
}

/** Flags whose value the operator needs to know; a typed field holds it. */
const OWNED: readonly (readonly [field: string, ...flags: string[]])[] = [
  ['spec.model.name', '--model', '--model-tag'],
  ['spec.model.servedName', '--served-model-name'],
  ['spec.engine.port', '--port'],
  ['spec.drain.timeoutSeconds', '--shutdown-timeout'],
];

/** One pod would be a part of an engine: nothing here counts, drains or replaces those. */
const SEVERAL_NODES = flagPattern(
  '--headless',
  '--nnodes',
  '-n',
  '--node-rank',
  '-r',
  '--master-addr',
  '--master-port',
  '--data-parallel-address',
  '-dpa',
  '--data-parallel-rpc-port',
  '-dpp',
);

/** Ranks with a balancer outside vLLM: each would be an endpoint of its own, with its own metrics page. */
const OUTER_BALANCER = flagPattern(
  '--data-parallel-rank',
  '-dpn',
  '--data-parallel-start-rank',
  '-dpr',
  '--data-parallel-size-local',
  '-dpl',
  '--data-parallel-hybrid-lb',
  '-dph',
  '--data-parallel-external-lb',
  '-dpe',
  '--data-parallel-multi-port-external-lb',
);

/** Probes, drains and the metrics page need plain HTTP on the pod's address. */
const OTHER_LISTENERS = flagPattern('--host', '--uds', '--grpc', '--ssl-keyfile', '--ssl-certfile');

/** Roles and connectors that move a request's KV cache from one engine to another. */
const PREFILL_DECODE = 'kv_producer|kv_consumer|(Nixl|NixlPush|P2pNccl|PyNccl|Mooncake|MoRIIO)Connector';

/** A flag and its value in one argument, as a shell would take it; vLLM does not know such a flag. */
const UNSPLIT = '^--?[-_a-zA-Z0-9]+ ';

/** What `engine.args` may not hold. Everything else is passed on as it is, and wins over the typed fields. */
export const ENGINE_ARGS_RULES: readonly CelRule[] = [
  ruleWithValues(
    `!self.exists(arg, arg.matches('${UNSPLIT}'))`,
    'split "%s" into two arguments: the flag and its value',
    `self.filter(arg, arg.matches('${UNSPLIT}'))[0]`,
  ),
  ...OWNED.map(([field, ...flags]) => refuse(flagPattern(...flags), `set ${field} instead`)),
  refuse(
    SEVERAL_NODES,
    'engines that span nodes are not run by this version; use spec.engine.tensorParallelSize and pipelineParallelSize within one pod',
  ),
  refuse(
    OUTER_BALANCER,
    'data-parallel ranks with a balancer of their own are not run by this version; use --data-parallel-size alone, or more replicas',
  ),
  refuse(OTHER_LISTENERS, 'engines must answer plain HTTP on the address of their pod, at spec.engine.port'),
  {
    rule: `!self.exists(arg, arg.matches('${PREFILL_DECODE}'))`,
    message:
      'prefill/decode disaggregation (kv_role, transfer connectors) is not run by this version: remove --kv-transfer-config; KV offloading inside one engine (--kv-offloading-size) is fine',
  },
];
