/**
 * `node playground/real-vllm/main.ts`: installs vLLM for CPUs into the user's cache folder, once.
 *
 * Where the machine lacks what it needs, it says what, and fails only under CI (the environment variable `CI`).
 */
import { installVllm, VllmUnavailableError } from './install.ts';
import { tcmalloc } from './tcmalloc.ts';

const TIMEOUT_MS = 45 * 60_000;

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const limit = AbortSignal.any([stop.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    const { version, folder } = await installVllm(say, limit);
    say(`vLLM ${version} is in ${folder}`);
    if (tcmalloc() === undefined) {
      say('Without libtcmalloc_minimal.so.4 it allocates more slowly: apt-get install libtcmalloc-minimal4');
    }
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof VllmUnavailableError && process.env['CI'] === undefined ? 0 : 1;
  }
}

process.exitCode = await main();
