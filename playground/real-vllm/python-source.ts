import { run } from './run.ts';

/** What makes a virtual environment: uv, or a Python with its venv module. */
export interface PythonSource {
  readonly program: string;
  /** Before the folder. */
  readonly args: readonly string[];
}

/** Those for which every package of `requirements.txt` has a wheel. */
const VERSIONS = '>=3.11,<3.15';
const PYTHONS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];
const IS_USABLE = 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))';
const TIMEOUT_MS = 20_000;

/** uv if there is one, else the first usable Python; undefined when there is neither. */
export async function findPythonSource(): Promise<PythonSource | undefined> {
  if (await works('uv', ['--version'])) {
    return { program: 'uv', args: ['venv', '--quiet', '--seed', '--python', VERSIONS] };
  }
  for (const python of PYTHONS) {
    if (await works(python, ['-c', IS_USABLE])) return { program: python, args: ['-m', 'venv'] };
  }
  return undefined;
}

function works(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, args, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
    () => true,
    () => false,
  );
}
