import { runTask, type Task } from './run-task.ts';

/** A worker process: runs the tasks that its parent sends, one after the other, and sends their results back. */
process.on('message', (task: Task) => process.send?.(runTask(task)));
