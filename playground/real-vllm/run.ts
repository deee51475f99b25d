import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const execute = promisify(execFile);

export interface RunOptions {
  /** Ends the program with SIGTERM. */
  readonly signal: AbortSignal;
  /** Besides this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. @throws Error with what it printed, when it cannot be run or fails */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { stdout } = await execute(program, args, {
    signal: options.signal,
    env: { ...process.env, ...options.env },
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return stdout;
}
