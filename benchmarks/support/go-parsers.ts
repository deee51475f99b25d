import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
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

/** The program of `benchmarks/go-parsers`, which times one round at a time. */
export class GoParsers {
  readonly #folder: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#child = spawn(join(folder, 'go-parsers'), { stdio: 'pipe' });
    this.#child.stderr.pipe(process.stderr);
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Builds and starts it; undefined if there is no `go` on the PATH. @throws Error if the build fails */
  static async start(): Promise<GoParsers | undefined> {
    const folder = await mkdtemp(join(tmpdir(), 'vllm-warden-go-parsers-'));
    try {
      const args = ['build', '-o', join(folder, 'go-parsers'), '.'];
      await promisify(execFile)('go', args, { cwd: SOURCES, timeout: BUILD_TIMEOUT_MS });
      return new GoParsers(folder);
    } catch (error) {
      await rm(folder, { recursive: true });
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    this.#child.kill();
    await rm(this.#folder, { recursive: true });
  }
}
