import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Playground } from '../playground.ts';
import { OPERATOR_NAMESPACE } from './install.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const EXIT_WITH_PARENT = new URL('exit-with-parent.ts', import.meta.url).href;

export interface OperatorOptions {
  /** Distinguishes operators of one playground: the name of its log file. */
  readonly name?: string;
  /** Flags after the ones that reach the playground. */
  readonly flags?: readonly string[];
  /** Another way to the API server than the playground's own, such as through a fault proxy. */
  readonly kubeconfig?: string;
}

/** An operator as its users run it: a process of its own, started by its command line. */
export interface OperatorProcess {
  readonly pid: number;
  /** Exit status, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Where it logs to. */
  readonly logFile: string;
  /** Everything that it has logged, one JSON object a line. */
  log(): string;
  /** Ends it (SIGTERM, then SIGKILL after five seconds) and resolves when it is gone. */
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 5000;

/** Starts an operator for this playground, its log in the playground's folder. */
export async function startOperator(
  playground: Playground,
  { name = 'operator', flags = [], kubeconfig = playground.kubeconfig('operator') }: OperatorOptions = {},
): Promise<OperatorProcess> {
  const logFile = join(playground.directory, `${name}.log`);
  const reach = Object.entries({
    kubeconfig,
    namespace: OPERATOR_NAMESPACE,
    'engine-proxy': playground.engineProxyUrl,
    'metrics-address': '127.0.0.1:0',
    'health-address': '127.0.0.1:0',
  }).flatMap(([flag, value]) => [`--${flag}`, value]);
  const output = openSync(logFile, 'a');
  const child = spawn(process.execPath, ['--import', EXIT_WITH_PARENT, CLI, 'operator', ...reach, ...flags], {
    stdio: ['pipe', output, output],
  });
  closeSync(output);
  const exited = once(child, 'exit').then(([code, signal]: unknown[]) =>
    typeof code === 'number' ? code : String(signal),
  );
  await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    exited,
    kill: (signal) => void child.kill(signal),
    logFile,
    log: () => readFileSync(logFile, 'utf8'),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
