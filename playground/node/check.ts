import { spawn } from 'node:child_process';
import { Agent, request } from 'undici';

// As the kubelet: a connection of its own for each probe.
const withoutKeepAlive = new Agent({ pipelining: 0 });

/** Where a container's process really listens, and the addresses by which its pod's commands call it. */
export interface ContainerAddress {
  readonly port: number;
  readonly containerPorts: readonly number[];
  readonly podIP: string;
}

/** GET against the container; undefined if the answer is 2xx or 3xx, else what was wrong. */
export async function checkHttp(
  action: { path: string; httpHeaders: readonly { name: string; value: string }[] },
  port: number,
  limit: AbortSignal,
): Promise<string | undefined> {
  try {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${action.path}`, {
      dispatcher: withoutKeepAlive,
      headers: Object.fromEntries(action.httpHeaders.map(({ name, value }) => [name, value])),
      signal: limit,
    });
    await body.dump({ limit: 10 * 1024, signal: limit });
    return statusCode >= 200 && statusCode < 400
      ? undefined
      : `HTTP probe failed with statuscode: ${statusCode}`;
  } catch (error) {
    return `Get "${action.path}": ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Runs a command of the pod's specification on this machine, with the process's real address in place of the pod's;
 * undefined if it ends with 0, else what was wrong.
 */
export function checkExec(
  command: readonly string[],
  address: ContainerAddress,
  limit: AbortSignal,
): Promise<string | undefined> {
  const [file, ...args] = command.map((word) => toLoopback(word, address));
  if (file === undefined) return Promise.resolve('the command is empty');
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'ignore', signal: limit, killSignal: 'SIGKILL' });
    child.once('error', (error) => resolve(`${file}: ${error.message}`));
    child.once('exit', (code, signal) => {
      resolve(code === 0 ? undefined : `${file} ended with ${signal ?? `exit code ${String(code)}`}`);
    });
  });
}

/** Replaces each way to write the container's address from inside its pod. */
export function toLoopback(word: string, address: ContainerAddress): string {
  let result = word;
  for (const containerPort of address.containerPorts) {
    for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', address.podIP]) {
      const written = new RegExp(`(?<![\\w.])${host.replaceAll('.', '\\.')}:${containerPort}(?!\\d)`, 'g');
      result = result.replaceAll(written, `127.0.0.1:${address.port}`);
    }
  }
  return result;
}
