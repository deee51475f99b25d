import { readFileSync } from 'node:fs';

/** What a process has used so far. */
export interface ProcessUsage {
  /** User and system time, in seconds. */
  readonly cpuSeconds: number;
  readonly residentMiB: number;
  readonly peakResidentMiB: number;
}

/** USER_HZ, in which the kernel reports times to user space: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads `/proc` (Linux only); see proc(5). @throws Error when there is no such process, or no /proc */
export function processUsage(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the command in parentheses, which may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    residentMiB: mebibytes(status, 'VmRSS'),
    peakResidentMiB: mebibytes(status, 'VmHWM'),
  };
}

function mebibytes(status: string, field: string): number {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc tells no ${field}`);
  return Number(kibibytes) / 1024;
}
