import { spawn } from 'node:child_process';
import type { Executable } from './provider.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 60_000;

/**
 * Runs kubectl to its end, or for at most a minute (the code is then 124, as timeout(1) has it).
 *
 * @param cacheDirectory kubectl's discovery cache, kept out of the user's home
 */
export function runKubectl(
  kubectl: Executable,
  access: { kubeconfig: string; cacheDirectory: string },
  args: readonly string[],
  stdin: string | undefined,
): Promise<CommandResult> {
  const flags = [`--kubeconfig=${access.kubeconfig}`, `--cache-dir=${access.cacheDirectory}`];
  return new Promise((resolve, reject) => {
    const child = spawn(kubectl.file, [...kubectl.args, ...flags, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 124, stdout, stderr }));
    // kubectl may end before it has read everything: its exit code then says what happened.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin ?? '');
  });
}
