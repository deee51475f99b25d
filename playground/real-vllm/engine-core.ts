import { readFile, readdir } from 'node:fs/promises';

/** How vLLM names the process that runs the model; the API server is another one (vllm/v1/engine/core.py). */
const TITLE = 'VLLM::EngineCore';

/**
 * The process id of the engine core in a process group.
 *
 * @throws Error when there is none, as with VLLM_ENABLE_V1_MULTIPROCESSING=0, or more than one
 */
export async function engineCorePid(group: number): Promise<number> {
  const all = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const isCore = await Promise.all(all.map((pid) => isCoreOf(group, pid)));
  const [pid, ...others] = all.filter((_, index) => isCore[index]);
  if (pid === undefined || others.length > 0) {
    const found = pid === undefined ? 'no process' : `${1 + others.length} processes`;
    throw new Error(`process group ${group} has ${found} named ${TITLE}, not one`);
  }
  return pid;
}

/** A process that has ended meanwhile is none. */
async function isCoreOf(group: number, pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // After the name in parentheses, which may hold anything: state, parent, group.
    const itsGroup = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
    return itsGroup === group && (await readFile(`/proc/${pid}/cmdline`, 'utf8')).startsWith(TITLE);
  } catch {
    return false;
  }
}
