import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { benchmarkFlags } from './support/benchmark.ts';

/**
 * Runs every benchmark, one after the other, so that none disturbs another.
 * Run: `npm run bench -- [--json] [--quick]`.
 */
const BENCHMARKS = ['scan', 'simulator', 'api-ready', 'decision-latency', 'operator-load'] as const;
const TIMEOUT_MS = 30 * 60_000;

const Figures = z.record(z.string(), z.unknown());

interface Outcome {
  readonly code: number;
  readonly lastLine: string;
}

/** Runs one benchmark and shows what it prints. */
function execute(name: string, flags: readonly string[], stop: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`), ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    let lastLine = '';
    createInterface(child.stdout).on('line', (line) => {
      lastLine = line;
      console.log(line);
    });
    child.on('error', (error) => console.error(`${name}: ${error.message}`));
    child.on('close', (code) => resolve({ code: code ?? 1, lastLine }));
  });
}

async function main(): Promise<void> {
  const { json, quick } = benchmarkFlags();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const flags = [...(json ? ['--json'] : []), ...(quick ? ['--quick'] : [])];
  const figures: Record<string, unknown> = {};
  for (const name of BENCHMARKS) {
    if (stop.signal.aborted) break;
    console.log(`\n== ${name}`);
    const { code, lastLine } = await execute(name, flags, stop.signal);
    if (code !== 0) {
      console.error(`== ${name} failed with exit code ${code}`);
      process.exitCode = 1;
    } else if (json) {
      figures[name] = Figures.parse(JSON.parse(lastLine));
    }
  }
  if (json) console.log(JSON.stringify({ quick, benchmarks: figures }));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
