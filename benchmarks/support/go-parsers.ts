import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Round } from './rounds.ts';

const SOURCES = join(import.meta.dirname, '..', 'go-parsers');
/** The first build fetches modules and takes a minute or two; Go's cache makes later ones quick. */
const BUILD_TIMEOUT_MS = 20 * 60_000;

const Answer = z.object({ pages: z.int(), bytes: z.int(), cpuSeconds: z.number() });

export type GoParser = 'textparse' | 'expfmt';

/** The program of `benchmarks/go-parsers`, which times one round at a time. It ends with its standard input. */
export class GoParsers {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** Builds and starts it; undefined if there is no `go` on the PATH. @throws Error if the build fails */
  static async start(): Promise<GoParsers | undefined> {
    const folder = await mkdtemp(join(tmpdir(), 'vllm-warden-go-parsers-'));
    try {
      const program = join(folder, 'go-parsers');
      await promisify(execFile)('go', ['build', '-o', program, '.'], {
        cwd: SOURCES,
        timeout: BUILD_TIMEOUT_MS,
      });
      const child = spawn(program, { stdio: 'pipe' });
      child.stderr.pipe(process.stderr);
      await once(child, 'spawn');
      return new GoParsers(child);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    } finally {
      // A running program needs its file no more, and an interrupted benchmark so leaves none behind.
      await rm(folder, { recursive: true });
    }
  }

  /** The files that the rounds from now on go over, in their order. */
  usePages(paths: readonly string[]): void {
    this.#child.stdin.write(`${JSON.stringify({ pages: paths })}\n`);
  }

  async round(parser: GoParser, seconds: number): Promise<Round> {
    this.#child.stdin.write(`${JSON.stringify({ parser, seconds })}\n`);
    const { done, value } = await this.#answers.next();
    if (done === true) throw new Error(`the Go program ended while ${parser} was measured`);
    return Answer.parse(JSON.parse(value));
  }

  [Symbol.dispose](): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
