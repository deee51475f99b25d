/** `npm run playground`: a control plane with nodes of simulated engines, kept up until Ctrl-C. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { NodeOptions } from './node/node-object.ts';
import { startPlayground } from './playground.ts';

const USAGE = `usage: npm run playground -- [--node NAME=GPUS]… [--assets DIR]

  --node NAME=GPUS  a node and its number of GPUs; repeatable (default: gpu-a=4 and gpu-b=4)
  --assets DIR      take etcd, kube-apiserver, kube-controller-manager and kube-scheduler from here
`;
const DEFAULT_NODES = ['gpu-a=4', 'gpu-b=4'];
const CRDS = fileURLToPath(new URL('../crds', import.meta.url));

/** @throws Error with the usage, when an argument is not understood */
function parseCommand(args: string[]): { nodes: NodeOptions[]; assets: string | undefined } {
  const { values } = parseArgs({
    args,
    options: { node: { type: 'string', multiple: true }, assets: { type: 'string' } },
  });
  return { nodes: (values.node ?? DEFAULT_NODES).map(parseNode), assets: values.assets };
}

function parseNode(text: string): NodeOptions {
  const { name, gpus } = /^(?<name>[a-z0-9]([-a-z0-9]*[a-z0-9])?)=(?<gpus>\d{1,3})$/.exec(text)?.groups ?? {};
  if (name === undefined) throw new Error(`--node ${text}: write NAME=GPUS, such as gpu-a=4`);
  return { name, gpus: Number(gpus) };
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function run(command: ReturnType<typeof parseCommand>): Promise<void> {
  const { nodes, assets } = command;
  say('starting a Kubernetes control plane …');
  await using playground = await startPlayground({
    nodes,
    log: say,
    ...(assets === undefined ? {} : { assets }),
  });
  if (existsSync(CRDS)) {
    const { code, stderr } = await playground.kubectl(['apply', '--server-side', '-f', CRDS]);
    if (code !== 0) throw new Error(`kubectl apply -f ${CRDS}: ${stderr}`);
  }
  const gpus = nodes.map((node) => `${node.name} (${node.gpus ?? 0} GPUs)`).join(', ');
  say(`ready: ${playground.apiUrl}, nodes ${gpus}. vLLM images run as simulated engines.`);
  say('In another terminal:');
  say(`  export KUBECONFIG=${playground.kubeconfig('admin')}`);
  say(`  alias kubectl='${playground.kubectlCommand}'   # if you have none of your own`);
  say(`Engines are reached by pod address through the proxy ${playground.engineProxyUrl}:`);
  say(`  curl --proxytunnel --proxy ${playground.engineProxyUrl} http://POD_IP:8000/metrics`);
  say('Ctrl-C stops everything and leaves nothing behind.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  say('stopping …');
}

async function main(args: string[]): Promise<number> {
  let command: ReturnType<typeof parseCommand>;
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
