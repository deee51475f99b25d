import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Task, TaskResult } from './run-task.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');

/**
 * Runs tasks in worker processes, in their order as far as workers are free. The workers end with it.
 *
 * @param onDone called after each task, with how many are left
 * @param stop ends the workers in the middle of their tasks
 * @returns results in the order of the tasks
 * @throws Error when a worker ends before its task is done
 */
export async function runTasks(
  tasks: readonly Task[],
  workers: number,
  onDone: (result: TaskResult, left: number) => void,
  stop: AbortSignal,
): Promise<readonly TaskResult[]> {
  const results: (TaskResult | undefined)[] = tasks.map(() => undefined);
  let next = 0;
  let left = tasks.length;
  const children = Array.from({ length: Math.min(workers, tasks.length) }, () =>
    fork(WORKER, { serialization: 'advanced', signal: stop }),
  );
  const work = async (child: ChildProcess): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) {
      const task = tasks[index];
      if (task === undefined) continue;
      const result = await ask(child, task);
      results[index] = result;
      left -= 1;
      onDone(result, left);
    }
  };
  try {
    await Promise.all(children.map(work));
  } finally {
    for (const child of children) child.kill();
  }
  return results.flatMap((result) => result ?? []);
}

function ask(child: ChildProcess, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`the worker ended with ${code ?? 'a signal'} on ${task.scenario}, ${task.cell.name}`));
    child.once('error', reject);
    child.once('exit', ended);
    child.once('message', (result: TaskResult) => {
      child.off('error', reject);
      child.off('exit', ended);
      resolve(result);
    });
    child.send(task);
  });
}
