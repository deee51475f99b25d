import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { run } from './inspect.ts';

const PAGES = join(import.meta.dirname, '..', '..', 'test', 'fixtures', 'engine-pages');
const GOLDEN = join(import.meta.dirname, '..', '..', 'test', 'golden');
const PAGE = readFileSync(join(PAGES, 'load_kvpressure_5.prom'));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function inspect(...args: readonly string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const code = await run(args, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
  });
  return { code, out, err };
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** An engine's HTTP server: what it answers by path; 404 for all else. */
async function engine(routes: Readonly<Record<string, RequestListener>>): Promise<string> {
  const server = createServer((request, response) => {
    const route = routes[request.url ?? ''];
    if (route === undefined) response.writeHead(404).end('Not Found\n');
    else route(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

const page: RequestListener = (_, response) => response.end(PAGE);
const version: RequestListener = (_, response) => response.end('{"version":"0.32.0"}');

async function file(content: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inspect-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'page.prom'), content);
  return join(folder, 'page.prom');
}

describe('the screen', () => {
  test.each([
    ['load_kvpressure_5.prom', 'inspect-kv-pressure.txt'],
    ['dp2_load.prom', 'inspect-two-ranks.txt'],
    ['0.8.5.post2-v0/load_1.prom', 'inspect-v0.txt'],
    ['disable_log_stats.prom', 'inspect-no-stats.txt'],
  ])('of %s is as agreed', async (name, golden) => {
    const path = join(PAGES, name);
    const { code, out, err } = await inspect(path);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await expect(out.replace(path, relative(PAGES, path))).toMatchFileSnapshot(join(GOLDEN, golden));
  });

  test('shows nothing that a terminal obeys, whatever a page names its model', async () => {
    const path = await file('vllm:num_requests_running{model_name="\u001b]0;gotcha\u0007\u009b2J"} 1\n');
    const { code, out } = await inspect(path);
    expect(code).toBe(0);
    expect(out).toContain('?]0;gotcha??2J');
  });

  test('marks a quantile that lies beyond the last bound', async () => {
    const family = 'vllm:e2e_request_latency_seconds';
    const series = [`_bucket{le="2"} 1`, `_bucket{le="+Inf"} 10`, '_count 10', '_sum 90'];
    const { out } = await inspect(await file(series.map((line) => `${family}${line}\n`).join('')));
    expect(out).toMatch(/whole request +> 2 s +> 2 s +> 2 s +9 s +10/);
  });
});

describe('--json', () => {
  test('prints one object with the agreed keys', async () => {
    const { code, out } = await inspect(join(PAGES, 'load_kvpressure_5.prom'), '--json');
    expect(code).toBe(0);
    const json: unknown = JSON.parse(out);
    expect(json).toMatchObject({
      running: 2,
      waiting: 10,
      kvCacheUsage: 0.8,
      models: ['tiny-llama'],
      histograms: {
        ttft: {
          count: 11,
          buckets: expect.arrayContaining([
            { le: '+Inf', count: 11 },
            { le: 2.5, count: 6 },
          ]),
        },
      },
      ranks: [{ engine: '0', running: 2 }],
    });
    expect(Object.keys(json ?? {})).toEqual([
      'running',
      'waiting',
      'kvCacheUsage',
      'promptTokens',
      'generationTokens',
      'preemptions',
      'steps',
      'requests',
      'prefixCache',
      'cacheConfig',
      'histograms',
      'ranks',
      'dialect',
      'models',
      'waitingByReason',
      'isAsleep',
      'admissionRejections',
      'httpAnswered',
      'httpFailed',
      'notObservable',
    ]);
  });

  test('has no key for what the page does not show', async () => {
    const { out } = await inspect('--json', join(PAGES, 'disable_log_stats.prom'));
    const json: unknown = JSON.parse(out);
    expect(json).not.toHaveProperty('running');
    expect(json).toMatchObject({
      histograms: {},
      notObservable: { running: expect.stringContaining('--disable-log-stats') },
    });
  });
});

describe('an engine', () => {
  test.each([[''], ['/'], ['/metrics']])(
    'given as http://host:port%s is read with its version',
    async (path) => {
      const url = await engine({ '/metrics': page, '/version': version });
      const { code, out } = await inspect(url + path, '--json');
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ running: 2, version: '0.32.0' });
    },
  );

  test('without /version is shown all the same', async () => {
    const { code, out } = await inspect(await engine({ '/metrics': page }));
    expect(code).toBe(0);
    expect(out).toContain('version unknown');
  });

  test('with a page elsewhere is read there', async () => {
    const { code, out } = await inspect(
      `${await engine({ '/prometheus?x=1': page })}/prometheus?x=1`,
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ running: 2 });
  });
});

describe('exit status', () => {
  test.each([
    ['no argument', []],
    ['two engines', ['a', 'b']],
    ['an unknown flag', ['--colour', 'a']],
    ['a URL that is none', ['http://:99999']],
  ])('2 with usage for %s', async (_, args) => {
    const { code, out, err } = await inspect(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: vllm-warden inspect');
  });

  test('0 with usage for --help', async () => {
    expect(await inspect('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Exit status'),
      err: '',
    });
  });

  test('5 for an engine whose port is closed', async () => {
    const url = await engine({});
    await cleanups.pop()?.();
    expect(await inspect(url)).toMatchObject({
      code: 5,
      out: '',
      err: expect.stringContaining('ConnectionRefused'),
    });
  });

  test('5 for a page that breaks off', async () => {
    const url = await engine({
      '/metrics': (_, r) => {
        r.writeHead(200, { 'content-length': PAGE.length });
        r.write(PAGE.subarray(0, 500), () => r.destroy());
      },
    });
    expect(await inspect(url)).toMatchObject({ code: 5, err: expect.stringContaining('ConnectionCut') });
  });

  test('1 for a server without such a page', async () => {
    expect(await inspect(await engine({}))).toMatchObject({
      code: 1,
      err: expect.stringContaining('HTTP 404'),
    });
  });

  test('1 for a page that is no metrics', async () => {
    const url = await engine({ '/metrics': (_, r) => r.end('<html></html>') });
    expect(await inspect(url)).toMatchObject({ code: 1, err: expect.stringContaining('NotAMetricsPage') });
  });

  test('1 for a file that is not there', async () => {
    expect(await inspect('no/such/file')).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') });
  });

  test('1 for a file that is too large, of which no more is read than a page may have', async () => {
    const { code, err } = await inspect(await file(new Uint8Array(6 * 1024 * 1024)));
    expect(code).toBe(1);
    expect(err).toContain('TooLarge: The page has 4194305 bytes');
  });
});
