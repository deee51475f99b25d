import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { connect, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { EngineSample } from '../engine/sample.ts';
import type { Cancel, Clock } from '../runtime/ports.ts';
import { sleepOn } from '../runtime/sleep.ts';
import { Scraper, type ScraperOptions } from './scraper.ts';
import type { ScrapeTarget } from './target.ts';

const PAGE = readFileSync(
  join(import.meta.dirname, '../../test/fixtures/engine-pages/load_kvpressure_5.prom'),
);

/** The process's clock, except that long waits (the limits of a request) can be made short. */
function clockWith(timeoutMs: number): Clock {
  const clock: Clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms: number, callback: () => void): Cancel {
      const timer = setTimeout(callback, Math.min(ms, timeoutMs));
      return () => clearTimeout(timer);
    },
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
  };
  return clock;
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

interface Engine {
  readonly port: number;
  /** Paths asked for, in order. */
  readonly asked: string[];
  readonly connections: () => number;
}

/** A real HTTP server on loopback. */
async function engine(onMetrics: RequestListener, version = '{"version":"0.32.0"}'): Promise<Engine> {
  const asked: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/version') response.end(version);
    else onMetrics(request, response);
  });
  server.on('connection', () => connections++);
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: await listen(server), asked, connections: () => connections };
}

const serve: RequestListener = (_, response) => response.end(PAGE);

interface Observed {
  readonly scraper: Scraper;
  readonly pages: { readonly fleet: string; readonly uid: string; readonly sample: EngineSample }[];
  readonly failures: string[];
  readonly skipped: number[];
  readonly targets: number[];
}

function scraperWith(options: Partial<ScraperOptions> = {}, timeoutMs = 10_000): Observed {
  const observed: Omit<Observed, 'scraper'> = { pages: [], failures: [], skipped: [], targets: [] };
  const scraper = new Scraper({
    clock: clockWith(timeoutMs),
    random: () => 0,
    metrics: {
      scraped: () => undefined,
      scrapeFailed: (_, reason) => observed.failures.push(reason),
      scrapesSkipped: (_, ticks) => observed.skipped.push(ticks),
      targets: (count) => observed.targets.push(count),
    },
    onPage: (fleet, uid, sample) => observed.pages.push({ fleet, uid, sample }),
    ...options,
  });
  cleanups.push(() => scraper.stop());
  return { scraper, ...observed };
}

function target(port: number, uid = 'u1', intervalMs = 20): ScrapeTarget {
  return { uid, name: `engine-${uid}`, address: '127.0.0.1', port, path: '/metrics', intervalMs };
}

const soon = { timeout: 5000, interval: 5 };
const until = (condition: () => boolean): Promise<void> => expect.poll(condition, soon).toBe(true);

describe('an engine that answers', () => {
  test('fills its history, newest last, and wakes whoever listens', async () => {
    const { port } = await engine(serve);
    const { scraper, pages } = scraperWith();
    scraper.setTargets('default/chat', [target(port)]);
    await until(() => pages.length >= 3);
    expect(pages[0]).toMatchObject({ fleet: 'default/chat', uid: 'u1', sample: { running: 2, waiting: 10 } });
    const samples = scraper.history('u1')?.samples ?? [];
    expect(samples.length).toBeGreaterThanOrEqual(3);
    expect(samples.map(({ atMs }) => atMs)).toEqual(
      samples.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
  });

  test('is asked for its version once, after its first page, and later samples carry it', async () => {
    const { port, asked } = await engine(serve);
    const { scraper, pages } = scraperWith();
    scraper.setTargets('f', [target(port)]);
    await until(() => pages.length >= 3);
    expect(asked.slice(0, 3)).toEqual(['/metrics', '/version', '/metrics']);
    expect(asked.filter((path) => path === '/version')).toHaveLength(1);
    expect(scraper.version('u1')).toBe('0.32.0');
    expect(pages.at(-1)?.sample.version).toBe('0.32.0');
  });

  test('but not with a version is asked three times, then no more', async () => {
    const { port, asked } = await engine(serve, '{"detail":"Not Found"}');
    const { scraper, pages } = scraperWith();
    scraper.setTargets('f', [target(port)]);
    await until(() => pages.length >= 6);
    expect(asked.filter((path) => path === '/version')).toHaveLength(3);
    expect(scraper.version('u1')).toBeUndefined();
  });

  test('at short intervals is asked over one connection', async () => {
    const { port, connections } = await engine(serve);
    const { scraper, pages } = scraperWith();
    scraper.setTargets('f', [target(port)]);
    await until(() => pages.length >= 5);
    expect(connections()).toBe(1);
  });
});

const huge: RequestListener = (_, response) => {
  const chunk = Buffer.alloc(1 << 20, '#');
  const more = (): void => {
    while (response.writable && response.write(chunk));
  };
  response.on('drain', more);
  more();
};

const failing: readonly (readonly [what: string, answer: RequestListener, reason: string, says: string])[] = [
  ['HTTP 500', (_, r) => r.writeHead(500).end('boom'), 'HttpStatus', 'HTTP 500'],
  [
    'a redirect to a good page',
    (_, r) => r.writeHead(302, { location: '/elsewhere' }).end(),
    'Redirect',
    'none is followed',
  ],
  ['a page without end', huge, 'TooLarge', '4194304 bytes'],
  ['garbage', (_, r) => r.end('<html>login</html>'), 'NotAMetricsPage', 'HTML'],
  [
    'a page cut in the middle by a closed connection',
    (_, r) => {
      r.writeHead(200, { 'content-length': PAGE.length });
      r.write(PAGE.subarray(0, 9000), () => r.destroy());
    },
    'ConnectionCut',
    'before the answer was complete',
  ],
  [
    'a page cut in the middle that calls itself whole',
    (_, r) => r.end(PAGE.subarray(0, 9001)),
    'Truncated',
    'middle of a line',
  ],
  ['silence', () => undefined, 'Timeout', 'no complete answer within'],
  [
    'headers and then silence',
    (_, r) => r.writeHead(200).write('# HELP'),
    'Timeout',
    'no complete answer within',
  ],
];

describe('an engine that answers with', () => {
  test.each(failing)('%s is a failure with a reason, and no page', async (_, answer, reason, says) => {
    const { port, asked } = await engine(answer);
    // A busy machine needs a moment for megabytes; only who falls silent is waited for in vain.
    const { scraper, pages, failures } = scraperWith({}, reason === 'Timeout' ? 150 : undefined);
    scraper.setTargets('f', [target(port)]);
    await until(() => failures.length > 0);
    expect(failures[0]).toBe(reason);
    expect(scraper.history('u1')).toMatchObject({ samples: [], lastError: { reason } });
    expect(scraper.history('u1')?.lastError?.message).toContain(says);
    expect(scraper.history('u1')?.lastError?.message).toContain(`127.0.0.1:${port}`);
    expect(pages).toEqual([]);
    expect(asked).not.toContain('/elsewhere');
  });

  test('bytes that are no HTTP is a failure with a reason', async () => {
    const server = createTcpServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.6\r\n\r\n'));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const port = await listen(server);
    const { scraper, failures } = scraperWith();
    scraper.setTargets('f', [target(port)]);
    await until(() => failures.length > 0);
    expect(failures[0]).toBe('BadResponse');
  });

  test('nothing, its port being closed, is a failure with a reason', async () => {
    const { port } = await engine(serve);
    await cleanups.pop()?.();
    const { scraper, failures } = scraperWith();
    scraper.setTargets('f', [target(port)]);
    await until(() => failures.length > 0);
    expect(failures[0]).toBe('ConnectionRefused');
  });

  test('a name instead of an address is never looked up', async () => {
    const { port, asked } = await engine(serve);
    const { scraper, failures } = scraperWith();
    scraper.setTargets('f', [{ ...target(port), address: 'localhost' }]);
    await until(() => failures.length > 0);
    expect(failures[0]).toBe('BadAddress');
    expect(asked).toEqual([]);
  });
});

test('an engine that recovers loses its error and keeps its history', async () => {
  let healthy = true;
  const { port } = await engine((request, response) => {
    if (healthy) serve(request, response);
    else response.writeHead(503).end();
  });
  const { scraper, pages, failures } = scraperWith();
  scraper.setTargets('f', [target(port)]);
  await until(() => pages.length >= 2);
  healthy = false;
  await until(() => failures.length >= 1);
  expect(scraper.history('u1')?.samples.length).toBeGreaterThanOrEqual(2);
  expect(scraper.history('u1')?.lastError?.reason).toBe('HttpStatus');
  healthy = true;
  await until(() => scraper.history('u1')?.lastError === undefined);
});

test('a silent engine delays no other, and its ticks are skipped, not piled up', async () => {
  const good = await engine(serve);
  let open = 0;
  let mostOpen = 0;
  const silent = await engine((_, response) => {
    mostOpen = Math.max(mostOpen, ++open);
    response.on('close', () => open--);
  });
  const { scraper, pages, failures, skipped } = scraperWith({}, 200);
  scraper.setTargets('f', [target(silent.port, 'silent'), target(good.port, 'good')]);
  await until(() => pages.length >= 5);
  expect(pages.every(({ uid }) => uid === 'good')).toBe(true);
  expect(failures.length).toBeLessThanOrEqual(1);
  await until(() => failures.length >= 2 && skipped.length >= 1);
  expect(mostOpen).toBe(1);
});

describe('targets', () => {
  test('that go take their data with them; another pod of the same name starts anew', async () => {
    const { port } = await engine(serve);
    const { scraper, pages, targets } = scraperWith();
    scraper.setTargets('f', [target(port, 'old')]);
    await until(() => pages.length >= 2);
    scraper.setTargets('f', [{ ...target(port, 'new'), name: 'engine-old' }]);
    expect(scraper.history('old')).toBeUndefined();
    expect(scraper.history('new')?.samples).toEqual([]);
    await until(() => pages.at(-1)?.uid === 'new');
    expect(targets).toEqual([1, 1]);
  });

  test('that stay keep their history; other fleets are not touched', async () => {
    const { port } = await engine(serve);
    const { scraper, pages } = scraperWith();
    scraper.setTargets('f', [target(port, 'a')]);
    scraper.setTargets('g', [target(port, 'b')]);
    await until(() => pages.some(({ uid }) => uid === 'a') && pages.some(({ uid }) => uid === 'b'));
    const before = scraper.history('a');
    scraper.setTargets('f', [target(port, 'a'), target(port, 'c')]);
    expect(scraper.history('a')).toBe(before);
    scraper.setTargets('f', []);
    expect(scraper.history('a')).toBeUndefined();
    expect(scraper.history('b')?.samples.length).toBeGreaterThan(0);
  });

  test('that get another address are asked there', async () => {
    const first = await engine(serve);
    const second = await engine(serve);
    const { scraper, pages } = scraperWith();
    scraper.setTargets('f', [target(first.port)]);
    await until(() => pages.length >= 1);
    scraper.setTargets('f', [target(second.port)]);
    await until(() => second.asked.length >= 1);
    expect(second.asked[0]).toBe('/metrics');
    expect(scraper.history('u1')?.samples.length).toBeGreaterThanOrEqual(1);
  });
});

test('a stopped scraper cuts what is under way and asks nobody any more', async () => {
  const { port, asked } = await engine(() => undefined);
  const { scraper, failures } = scraperWith();
  scraper.setTargets('f', [target(port)]);
  await until(() => asked.length === 1);
  await scraper.stop();
  scraper.setTargets('f', [target(port, 'u2')]);
  expect(scraper.history('u1')).toBeUndefined();
  expect(scraper.history('u2')).toBeUndefined();
  expect(asked).toHaveLength(1);
  expect(failures).toEqual([]);
});

test('a scraper that is stopped as a page comes in does not go on to ask for the version', async () => {
  const { port, asked } = await engine(serve);
  let stopped: Promise<void> | undefined;
  const { scraper } = scraperWith({
    onPage: () => {
      stopped = scraper.stop();
    },
  });
  scraper.setTargets('f', [target(port)]);
  await until(() => stopped !== undefined);
  await stopped;
  expect(asked).toEqual(['/metrics']);
});

describe('through an engine proxy', () => {
  test('connections to addresses nobody routes are carried by CONNECT', async () => {
    const { port } = await engine(serve);
    const wanted: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, socket) => {
      wanted.push(request.url ?? '');
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    });
    const proxyPort = await listen(proxy);
    cleanups.push(() => new Promise((resolve) => proxy.close(resolve)));
    const { scraper, pages } = scraperWith({ engineProxyUrl: `http://127.0.0.1:${proxyPort}` });
    scraper.setTargets('f', [{ ...target(8000), address: '198.18.0.7' }]);
    await until(() => pages.length >= 2);
    expect(new Set(wanted)).toEqual(new Set(['198.18.0.7:8000']));
  });

  test('that knows no such engine, the failure says so', async () => {
    const proxy = createServer();
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    const proxyPort = await listen(proxy);
    cleanups.push(() => new Promise((resolve) => proxy.close(resolve)));
    const { scraper, failures } = scraperWith({ engineProxyUrl: `http://127.0.0.1:${proxyPort}` });
    scraper.setTargets('f', [{ ...target(8000), address: '198.18.0.7' }]);
    await until(() => failures.length > 0);
    expect(failures[0]).toBe('Unreachable');
    expect(scraper.history('u1')?.lastError?.message).toContain('502');
  });
});
