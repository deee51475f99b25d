import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { EngineSample, PageResult } from '../engine/sample.ts';
import { DEFAULT_MAX_PAGE_BYTES, scanPage } from '../engine/scan.ts';
import { systemClock } from '../kube/system-clock.ts';
import { parseVersion } from '../scraper/engine-loop.ts';
import type { FetchFailureReason } from '../scraper/fetch-failure.ts';
import { PageClient } from '../scraper/page-client.ts';
import { jsonOf } from './inspect-json.ts';
import { screenOf } from './inspect-screen.ts';

export const USAGE = `Usage: vllm-warden inspect URL|FILE [--json]

Shows what the operator sees of one vLLM engine.

  URL     the engine (http://host:8000, whose /metrics and /version are read) or its full page
  FILE    a saved metrics page
  --json  one JSON object instead of the screen

Exit status: 0 shown, 1 not a readable metrics page, 2 wrong usage, 5 engine not reachable.
`;

const EXIT = { ok: 0, unreadable: 1, usage: 2, unreachable: 5 } as const;
const TIMEOUT_MS = 10_000;
const UNREACHABLE: ReadonlySet<FetchFailureReason> = new Set([
  'ConnectionCut',
  'ConnectionRefused',
  'Timeout',
  'Unreachable',
]);

/** Where a command writes: standard output and error, or a test's collectors. */
export interface CommandIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

interface Failure {
  readonly exitCode: number;
  readonly message: string;
}

interface Source {
  readonly page: PageResult;
  readonly version?: string | undefined;
}

/** `vllm-warden inspect`: prints one engine's sample; resolves to the exit status. */
export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const options = parse(args);
  if (options === 'help') {
    io.stdout.write(USAGE);
    return EXIT.ok;
  }
  if (typeof options === 'string') {
    io.stderr.write(`${options}\n\n${USAGE}`);
    return EXIT.usage;
  }
  const source = await read(options.source);
  if ('exitCode' in source) {
    io.stderr.write(`${options.source}: ${source.message}\n`);
    return source.exitCode;
  }
  if (!source.page.ok) {
    io.stderr.write(`${options.source}: ${source.page.reason}: ${source.page.message}\n`);
    return EXIT.unreadable;
  }
  const sample: EngineSample = { ...source.page.sample, version: source.version };
  io.stdout.write(options.json ? `${JSON.stringify(jsonOf(sample))}\n` : screenOf(sample, options.source));
  return EXIT.ok;
}

/** The options, `help`, or what is wrong with the arguments. */
function parse(args: readonly string[]): { readonly source: string; readonly json: boolean } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const [source, ...more] = positionals;
    if (source === undefined || source === '') return 'Say what to inspect: the URL of an engine or a file.';
    if (more.length > 0) return `One engine at a time: "${more.join(' ')}" is too much.`;
    if (isUrl(source) && !URL.canParse(source)) return `"${source}" is not a URL: write http://host:port.`;
    return { source, json: values.json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

function read(source: string): Promise<Source | Failure> {
  return isUrl(source) ? readEngine(new URL(source)) : readFile(source);
}

async function readEngine(url: URL): Promise<Source | Failure> {
  const base = url.pathname.endsWith('/');
  const pagePath = base ? `${url.pathname}metrics` : url.pathname;
  const client = new PageClient(systemClock);
  const get = (path: string, maxBytes: number): ReturnType<PageClient['get']> =>
    client.get(url.origin, path, { timeoutMs: TIMEOUT_MS, maxBytes }, new AbortController().signal);
  try {
    const answer = await get(pagePath + url.search, DEFAULT_MAX_PAGE_BYTES);
    if (!answer.ok) {
      const exitCode = UNREACHABLE.has(answer.reason) ? EXIT.unreachable : EXIT.unreadable;
      return { exitCode, message: `${answer.reason}: ${answer.message}` };
    }
    const page = scanPage(answer.body);
    if (!page.ok || !pagePath.endsWith('/metrics')) return { page };
    const version = await get(pagePath.replace(/metrics$/, 'version'), 16 * 1024);
    return { page, version: version.ok ? parseVersion(version.body) : undefined };
  } finally {
    await client.close();
  }
}

/** Reads at most one byte more than a page may have, so that a huge file is refused without being read. */
async function readFile(path: string): Promise<Source | Failure> {
  try {
    await using file = await open(path, 'r');
    const chunks: Uint8Array[] = [];
    const stream = file.createReadStream({ end: DEFAULT_MAX_PAGE_BYTES, autoClose: false });
    for await (const chunk of stream) if (chunk instanceof Uint8Array) chunks.push(chunk);
    return { page: scanPage(Buffer.concat(chunks)) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { exitCode: EXIT.unreadable, message: `the file cannot be read: ${detail}` };
  }
}
