/** `npm run playground`: a control plane with the operator and nodes of simulated engines, kept up until Ctrl-C. */
import { parseArgs } from 'node:util';
import type { NodeOptions } from './node/node-object.ts';
import { startPlayground, type Playground } from './playground.ts';
import { installWarden } from './warden/install.ts';
import { startOperator } from './warden/operator-process.ts';

const USAGE = `usage: npm run playground -- [--node NAME=GPUS]… [--assets DIR] [--no-operator]

  --node NAME=GPUS  a node and its number of GPUs; repeatable (default: gpu-a=4 and gpu-b=4)
  --assets DIR      take etcd, kube-apiserver, kube-controller-manager and kube-scheduler from here
  --no-operator     leave the operator to you
`;
/** Real engines take minutes; nobody who tries things out wants to wait for simulated ones. */
const SIMULATOR = { flags: ['--sim-startup-seconds', '5'] };
const DEFAULT_NODES = ['gpu-a=4', 'gpu-b=4'];

interface Command {
  readonly nodes: readonly NodeOptions[];
  readonly assets: string | undefined;
  readonly withOperator: boolean;
}

/** @throws Error with the usage, when an argument is not understood */
function parseCommand(args: string[]): Command {
  const { values } = parseArgs({
    args,
    options: {
      node: { type: 'string', multiple: true },
      assets: { type: 'string' },
      'no-operator': { type: 'boolean', default: false },
    },
  });
  const nodes = (values.node ?? DEFAULT_NODES).map(parseNode);
  return { nodes, assets: values.assets, withOperator: !values['no-operator'] };
}

function parseNode(text: string): NodeOptions {
  const { name, gpus } = /^(?<name>[a-z0-9]([-a-z0-9]*[a-z0-9])?)=(?<gpus>\d{1,3})$/.exec(text)?.groups ?? {};
  if (name === undefined) throw new Error(`--node ${text}: write NAME=GPUS, such as gpu-a=4`);
  return { name, gpus: Number(gpus) };
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function run({ nodes, assets, withOperator }: Command): Promise<void> {
  say('starting a Kubernetes control plane …');
  await using playground = await startPlayground({
    nodes,
    simulator: SIMULATOR,
    log: say,
    ...(assets === undefined ? {} : { assets }),
  });
  await installWarden(playground);
  const operator = withOperator ? await startOperator(playground) : undefined;
  const gpus = nodes.map((node) => `${node.name} (${node.gpus ?? 0} GPUs)`).join(', ');
  say(`ready: ${playground.apiUrl}, nodes ${gpus}. vLLM images run as simulated engines.`);
  say('In another terminal:');
  say(`  export KUBECONFIG=${playground.kubeconfig('admin')}`);
  say(`  alias kubectl='${playground.kubectlCommand}'   # if you have none of your own`);
  say('  kubectl apply -f examples/minimal.yaml && kubectl get vllm -w');
  sayOperator(playground, operator?.logFile);
  say('An engine is reached by its pod address through a proxy:');
  say(`  curl --proxytunnel --proxy ${playground.engineProxyUrl} http://POD_IP:8000/metrics`);
  say('Ctrl-C stops everything and leaves nothing behind.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  say('stopping …');
  await operator?.stop();
}

function sayOperator(playground: Playground, logFile: string | undefined): void {
  if (logFile !== undefined) return say(`The operator runs; its log: ${logFile}`);
  const addresses = '--metrics-address 127.0.0.1:0 --health-address 127.0.0.1:0';
  say('No operator runs; to start one:');
  say(`  npx vllm-warden operator --engine-proxy ${playground.engineProxyUrl} ${addresses}`);
}

async function main(args: string[]): Promise<number> {
  let command: Command;
  try {
    command = parseCommand(args);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  try {
    await run(command);
    return 0;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main(process.argv.slice(2));
