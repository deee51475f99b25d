import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

export interface BenchmarkOptions {
  /** Fewer and shorter rounds: to see that it works, not to quote. */
  readonly quick: boolean;
}

export interface Report {
  /** What people read. */
  readonly lines: readonly string[];
  /** What programs read: the names carry the units. */
  readonly figures: Readonly<Record<string, unknown>>;
}

const USAGE = 'give --json for the figures as JSON on the last line, --quick for a short run';

/** What a figure was measured on; the load average tells how much else ran. */
export interface Machine {
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly loadAverage1m: number;
}

/**
 * The main program of a benchmark: reads its flags, measures, prints the report and, with `--json`, the figures as one
 * JSON object on the last line.
 */
export async function runBenchmark(
  name: string,
  measure: (options: BenchmarkOptions) => Report | Promise<Report>,
): Promise<void> {
  // Through `exit`, so that a playground takes its servers and its folder along.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  try {
    const { json, quick } = benchmarkFlags();
    const machine = describeMachine();
    const { lines, figures } = await measure({ quick });
    console.log(`${name}${quick ? ' (quick)' : ''}, ${machineLine(machine)}`);
    for (const line of lines) console.log(line);
    if (json) console.log(JSON.stringify({ benchmark: name, quick, machine, ...figures }));
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** The flags that every benchmark takes. @throws Error naming a flag that it does not */
export function benchmarkFlags(): { json: boolean; quick: boolean } {
  try {
    const flag = { type: 'boolean', default: false } as const;
    return parseArgs({ options: { json: flag, quick: flag }, strict: true }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}; ${USAGE}`, { cause: error });
  }
}

function describeMachine(): Machine {
  return {
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadAverage1m: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

function machineLine({ cpus: count, memoryGiB, node, loadAverage1m }: Machine): string {
  return `${count} CPUs, ${memoryGiB} GiB, Node ${node}, load average ${loadAverage1m} at the start`;
}
