import { parseServeArgs } from '../simulator/server/serve-args.ts';
import { startSimulatedEngine } from '../simulator/server/start.ts';
import type { CommandIo } from './inspect.ts';

const DEFAULT_VLLM_VERSION = '0.32.0';

const USAGE = `Usage: vllm-warden simulate [--vllm-version X.Y.Z] serve MODEL [flags of vllm serve] [--sim-…]

Runs one simulated vLLM engine until SIGTERM, on --host and --port as vLLM does (default all addresses, 8000).
  --vllm-version X.Y.Z        flags, metric families and /version of this release (${DEFAULT_VLLM_VERSION})
  --sim-profile NAME          hardware and model whose speed and memory to have
  --sim-startup-seconds N     time until the port opens (the profile's)
  --sim-speed X               run X times as fast
  --sim-seed N                seed of all chance
  --sim-mean-output-tokens N  let requests stop by themselves after N tokens on average
  --sim-fault JSON            be ill from the start, such as '{"kind":"HostLeak","bytesPerMinute":4e8}'
  --sim-faults                begin faults by POST /sim/faults, end them by DELETE /sim/faults?kind=…
  --sim-dev-mode              serve /is_sleeping and /is_paused, as VLLM_SERVER_DEV_MODE does
`;

const ALL_ADDRESSES = '0.0.0.0';
const USAGE_ERROR = 2;

/**
 * `vllm-warden simulate`: one simulated engine as a process. SIGTERM ends it as it ends vLLM.
 * @returns the exit code of vLLM in its place
 */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { vllmVersion, argv } = takeVersion(args);
  if (argv.length === 0 || argv[0] === '--help') {
    io.stdout.write(USAGE);
    return argv.length === 0 ? USAGE_ERROR : 0;
  }
  const parsed = parseServeArgs(argv, vllmVersion);
  if (parsed.kind === 'Refused') {
    io.stderr.write(`${parsed.message}\n`);
    return USAGE_ERROR;
  }
  const { host = ALL_ADDRESSES, port, startupSeconds, model } = parsed.args;
  const engine = await startSimulatedEngine({ argv, vllmVersion, host, port });
  io.stdout.write(`Simulating vLLM ${vllmVersion} with ${model}; ready in ${startupSeconds} s.\n`);
  void engine.ready.then(() => io.stdout.write(`Serving on http://${host}:${engine.port}\n`));
  const onSignal = (): void => engine.terminate();
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const { exitCode, message } = await engine.exited;
  process.off('SIGTERM', onSignal);
  process.off('SIGINT', onSignal);
  if (message !== undefined) io.stderr.write(`${message}\n`);
  return exitCode;
}

/** Our own option stands before `serve`, where vLLM has none. */
function takeVersion(args: readonly string[]): { vllmVersion: string; argv: readonly string[] } {
  const [first, second, ...rest] = args;
  if (first === '--vllm-version' && second !== undefined) return { vllmVersion: second, argv: rest };
  return { vllmVersion: DEFAULT_VLLM_VERSION, argv: args };
}
