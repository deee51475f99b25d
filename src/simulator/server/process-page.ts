import { formatHeader, type MetricType } from './page-format.ts';
import { fixedText, sample, type Segment } from './page-segments.ts';

export interface ProcessFigures {
  /** Unix seconds. */
  readonly startTimeSeconds: number;
  readonly residentBytes: () => number;
  readonly cpuSeconds: () => number;
}

/** Virtual memory, file descriptors and garbage collection of a real idle API server; nothing models them. */
const VIRTUAL_BYTES = 4_156_870_656;
const OPEN_FDS = 34;
const MAX_FDS = 20_000;
const GC_COUNTS: readonly (readonly [name: string, help: string, counts: readonly number[]])[] = [
  ['python_gc_objects_collected_total', 'Objects collected by the garbage collector', [14_489, 3247, 876]],
  ['python_gc_objects_uncollectable_total', 'Objects that could not be collected', [0, 0, 0]],
  ['python_gc_collections_total', 'Collections of each generation', [1822, 165, 11]],
];

/** The families that prometheus_client adds about its own process: here, as on real pages, the API server's. */
export function processSegments(figures: ProcessFigures): readonly Segment[] {
  const collector = GC_COUNTS.flatMap(([name, help, counts]) => [
    fixedText(formatHeader(name, 'counter', help)),
    ...counts.map((count, generation) => sample(name, { generation: String(generation) }, () => count)),
  ]);
  const python = { implementation: 'CPython', major: '3', minor: '11', patchlevel: '7', version: '3.11.7' };
  return [
    ...collector,
    fixedText(formatHeader('python_info', 'gauge', 'Python platform')),
    sample('python_info', python, () => 1),
    ...single('process_virtual_memory_bytes', 'gauge', 'Virtual memory in bytes.', () => VIRTUAL_BYTES),
    ...single('process_resident_memory_bytes', 'gauge', 'Resident memory in bytes.', figures.residentBytes),
    ...single('process_start_time_seconds', 'gauge', 'Start of the process, Unix seconds.', () => {
      return figures.startTimeSeconds;
    }),
    ...single('process_cpu_seconds_total', 'counter', 'User and system CPU seconds.', figures.cpuSeconds),
    ...single('process_open_fds', 'gauge', 'Open file descriptors.', () => OPEN_FDS),
    ...single('process_max_fds', 'gauge', 'Limit of open file descriptors.', () => MAX_FDS),
  ];
}

function single(name: string, type: MetricType, help: string, read: () => number): readonly Segment[] {
  return [fixedText(formatHeader(name, type, help)), sample(name, {}, read)];
}
