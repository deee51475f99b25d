import { spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import type { Executable } from './provider.ts';

const LOG_TAIL_CHARACTERS = 3000;

/** A running server of the control plane. */
export interface ServerProcess {
  readonly name: string;
  readonly exited: Promise<void>;
  /** Why it ended, with the end of its log; undefined while it runs. */
  failure(): string | undefined;
  /** SIGKILL to its process group; idempotent. */
  kill(): void;
}

/**
 * Starts a server in a process group of its own (a Ctrl-C in the terminal is ours to handle, not its), its output in
 * `logFile`, its standard input a pipe that this process holds open: see `Provider.server`.
 */
export function startServer(
  name: string,
  executable: Executable,
  flags: readonly string[],
  logFile: string,
): ServerProcess {
  const output = openSync(logFile, 'a');
  const child = spawn(executable.file, [...executable.args, ...flags], {
    detached: true,
    // ETCD_* and KUBE* variables of the user must not reach the servers.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'] },
    stdio: ['pipe', output, output],
  });
  closeSync(output);
  let failure: string | undefined;
  const exited = new Promise<void>((resolve) => {
    const end = (why: string): void => {
      failure ??= `${name} ended (${why}); the end of its log:\n${readFileTail(logFile)}`;
      resolve();
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${String(code)}`));
  });
  return {
    name,
    exited,
    failure: () => failure,
    kill: () => {
      if (failure === undefined && child.pid !== undefined) killGroup(child.pid);
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself and its exit event is still on the way.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function readFileTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-LOG_TAIL_CHARACTERS);
  } catch {
    return '(the log is gone)';
  }
}
