import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { Cancel, Clock } from '../runtime/ports.ts';
import { sleepOn } from '../runtime/sleep.ts';
import type { ProbeOutcome } from '../snapshot/probe-record.ts';
import { Prober, type ProbeTarget } from './prober.ts';

/** The process's clock, with the limits of requests shortened; `skip` moves the monotonic time on. */
class ShortClock implements Clock {
  readonly #limitMs: number;
  #skippedMs = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now() + this.#skippedMs;
  }

  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  after(ms: number, callback: () => void): Cancel {
    const timer = setTimeout(callback, Math.min(ms, this.#limitMs));
    return () => clearTimeout(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }
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

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Engine {
  readonly port: number;
  readonly asked: Asked[];
  readonly paths: () => readonly string[];
  readonly close: () => Promise<void>;
}

type Pages = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>;

const json =
  (status: number, body: unknown): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const completion = json(200, { choices: [{ index: 0, text: ' Hi' }] });
const never: RequestListener = () => undefined;

/** A server whose pages are those of a vLLM engine outside its development mode, but for these. */
async function engine(pages: Pages = {}): Promise<Engine> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const answer = async (): Promise<void> => {
      asked.push({ path, headers: request.headers, body: await text(request) });
      (pages[path] ?? json(404, { detail: 'Not Found' }))(request, response);
    };
    // A request that is cut before its end has nobody to answer.
    answer().catch(() => response.destroy());
  });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  cleanups.push(close);
  return { port: await listen(server), asked, paths: () => asked.map(({ path }) => path).toSorted(), close };
}

interface Observed {
  readonly prober: Prober;
  readonly results: string[];
  readonly clock: ShortClock;
}

function proberWith(limitMs = 5_000, engineProxyUrl?: string): Observed {
  const results: string[] = [];
  const clock = new ShortClock(limitMs);
  const prober = new Prober({ clock, engineProxyUrl, onResult: (uid) => results.push(uid) });
  cleanups.push(() => prober.stop());
  return { prober, results, clock };
}

const target = (port: number, more: Partial<ProbeTarget> = {}): ProbeTarget => ({
  uid: 'u1',
  name: 'chat-1',
  address: '127.0.0.1',
  port,
  model: 'tiny-llama',
  ...more,
});

const soon = { timeout: 5_000, interval: 5 };
const until = (condition: () => boolean): Promise<void> => expect.poll(condition, soon).toBe(true);

const completions = (answer: RequestListener): Pages => ({ '/v1/completions': answer });

const outcomes: readonly (readonly [what: string, pages: Pages, ProbeOutcome, says: string])[] = [
  ['a token', completions(completion), 'Answered', 'it generated a token'],
  [
    '503 because its queue is full',
    completions(json(503, { error: { message: 'currently busy' } })),
    'Answered',
    'HTTP 503, currently busy',
  ],
  ['nothing', completions(never), 'Silent', 'no answer within 30 s'],
  [
    'half an answer',
    completions((_, r) => r.writeHead(200).write('{"choi')),
    'Inconclusive',
    'an answer began and did not end within 30 s',
  ],
  ['a cut connection', completions((_, r) => r.destroy()), 'Refused', 'before the answer; /health: HTTP 404'],
  [
    'that it sleeps',
    { '/is_sleeping': json(200, { is_sleeping: true }), ...completions(never) },
    'Paused',
    'it says that it sleeps',
  ],
  [
    'that it is paused',
    { '/is_paused': json(200, { is_paused: true }), ...completions(never) },
    'Paused',
    'it says that it is paused',
  ],
  [
    'that it neither sleeps nor is paused, and a token',
    {
      '/is_sleeping': json(200, { is_sleeping: false }),
      '/is_paused': json(200, { is_paused: false }),
      ...completions(completion),
    },
    'Answered',
    'it generated a token',
  ],
  [
    'neither a word on its sleep nor a token',
    { '/is_sleeping': never, '/is_paused': never, ...completions(never) },
    'Silent',
    'no answer within 30 s',
  ],
  [
    'that it does not know the model',
    completions(json(404, { error: { message: 'The model `tiny-llama` does not exist.' } })),
    'Inconclusive',
    'HTTP 404, The model `tiny-llama` does not exist.',
  ],
  ['that it has no such page', {}, 'Inconclusive', 'HTTP 404, Not Found'],
  ['401', completions(json(401, { error: 'Unauthorized' })), 'Inconclusive', 'HTTP 401, Unauthorized'],
  ['400', completions(json(400, { object: 'error', message: 'no' })), 'Inconclusive', 'HTTP 400, no'],
  [
    '500 and that it is healthy',
    { ...completions(json(500, { error: { message: 'shutting down' } })), '/health': json(200, {}) },
    'Inconclusive',
    'HTTP 500, shutting down; /health: HTTP 200',
  ],
  [
    '500 because its core has died',
    {
      ...completions(json(500, { error: { message: 'EngineCore encountered an issue' } })),
      '/health': (_, r) => r.writeHead(503).end(),
    },
    'Refused',
    'HTTP 500, EngineCore encountered an issue; /health: HTTP 503',
  ],
  [
    'a redirect',
    completions((_, r) => r.writeHead(307, { location: '/elsewhere' }).end()),
    'Inconclusive',
    'HTTP 307',
  ],
  ['200 without a choice', completions(json(200, { choices: [] })), 'Inconclusive', 'without a completion'],
  ['200 that is no JSON', completions((_, r) => r.end('<html>')), 'Inconclusive', 'without a completion'],
  [
    'without end',
    completions((_, r) => r.end(Buffer.alloc(100_000, 32))),
    'Inconclusive',
    'exceeds 65536 bytes',
  ],
];

describe('an engine that answers', () => {
  test.each(outcomes)('%s', async (_, pages, outcome, says) => {
    const { port, paths } = await engine(pages);
    const { prober, results } = proberWith(100);
    prober.ask(target(port));
    expect(prober.record('u1')).toMatchObject({ outcome: 'Pending' });
    await until(() => results.length > 0);
    expect(prober.record('u1')?.outcome).toBe(outcome);
    expect(prober.record('u1')?.message).toContain(says);
    expect(prober.record('u1')?.endedAtMs).toBeGreaterThanOrEqual(prober.record('u1')?.sentAtMs ?? Infinity);
    expect(paths()).not.toContain('/elsewhere');
    expect(paths().includes('/v1/completions')).toBe(outcome !== 'Paused');
  });

  test('is asked for one token of its model, by a client that says who it is, of one rank', async () => {
    const { port, asked } = await engine(completions(completion));
    const { prober, results } = proberWith();
    prober.ask(target(port, { rank: 3 }));
    await until(() => results.length > 0);
    const wanted = asked.find(({ path }) => path === '/v1/completions');
    expect(wanted?.headers).toMatchObject({
      'user-agent': 'vllm-warden',
      'content-type': 'application/json',
      'x-data-parallel-rank': '3',
    });
    expect(JSON.parse(wanted?.body ?? '')).toMatchObject({
      model: 'tiny-llama',
      max_tokens: 1,
      stream: false,
    });
    expect(prober.record('u1')?.message).toBe('rank 3: it generated a token');
  });
});

describe('an engine that is not there', () => {
  test('refuses, and what /health says is told too', async () => {
    const { port, close } = await engine();
    await close();
    const { prober, results } = proberWith();
    prober.ask(target(port));
    await until(() => results.length > 0);
    expect(prober.record('u1')).toMatchObject({
      outcome: 'Refused',
      message: 'the port refuses connections; /health: the port refuses connections',
    });
  });

  test('is not looked up by a name', async () => {
    const { port, asked } = await engine(completions(completion));
    const { prober, results } = proberWith();
    prober.ask(target(port, { address: 'localhost' }));
    await until(() => results.length > 0);
    expect(prober.record('u1')).toMatchObject({
      outcome: 'Inconclusive',
      message: '"localhost" is not an IP address',
    });
    expect(asked).toEqual([]);
  });

  test('is not proved dead by a server that speaks no HTTP', async () => {
    const server = createTcpServer((socket) => socket.resume().end('SSH-2.0-OpenSSH_9.6\r\n\r\n'));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const port = await listen(server);
    const { prober, results } = proberWith();
    prober.ask(target(port));
    await until(() => results.length > 0);
    expect(prober.record('u1')?.outcome).toBe('Inconclusive');
  });
});

describe('through an engine proxy', () => {
  async function proxy(onConnect: (wanted: string, socket: Duplex) => void): Promise<string> {
    const server = createServer();
    server.on('connect', (request, socket) => {
      socket.on('error', () => undefined);
      onConnect(request.url ?? '', socket);
    });
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    return `http://127.0.0.1:${await listen(server)}`;
  }

  test('an address that nobody routes is asked', async () => {
    const { port } = await engine(completions(completion));
    const wanted = new Set<string>();
    const url = await proxy((address, socket) => {
      wanted.add(address);
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
    });
    const { prober, results } = proberWith(5_000, url);
    prober.ask(target(8000, { address: '198.18.0.7' }));
    await until(() => results.length > 0);
    expect(prober.record('u1')?.outcome).toBe('Answered');
    expect([...wanted]).toEqual(['198.18.0.7:8000']);
  });

  test.each([
    [502, 'Refused', 'the engine refuses connections (502)'],
    [503, 'Inconclusive', '503'],
    [504, 'Inconclusive', '504'],
  ] as const)('that answers %i the probe is %s', async (status, outcome, says) => {
    const url = await proxy((_, socket) => socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`));
    const { prober, results } = proberWith(5_000, url);
    prober.ask(target(8000, { address: '198.18.0.7' }));
    await until(() => results.length > 0);
    expect(prober.record('u1')?.outcome).toBe(outcome);
    expect(prober.record('u1')?.message).toContain(says);
  });
});

const asksForToken = ({ path }: Asked): boolean => path === '/v1/completions';

describe('probes', () => {
  test('of one engine do not overlap, and begin at least 30 s apart', async () => {
    const answers: (() => void)[] = [];
    const { port, asked } = await engine(completions((q, r) => answers.push(() => completion(q, r))));
    const { prober, results, clock } = proberWith();
    prober.ask(target(port));
    await until(() => answers.length === 1);
    clock.skip(60_000);
    prober.ask(target(port));
    answers[0]?.();
    await until(() => results.length === 1);
    expect(asked.filter(asksForToken)).toHaveLength(1);
    prober.ask(target(port));
    await until(() => answers.length === 2);
    answers[1]?.();
    await until(() => results.length === 2);
    clock.skip(29_000);
    prober.ask(target(port));
    expect(prober.record('u1')?.outcome).toBe('Answered');
  });

  test('are at most 16 at a time; the others wait for their turn', async () => {
    const answers: (() => void)[] = [];
    const { port } = await engine(completions((q, r) => answers.push(() => completion(q, r))));
    const { prober, results } = proberWith();
    const uids = Array.from({ length: 20 }, (_, index) => `u${index}`);
    for (const uid of uids) prober.ask(target(port, { uid }));
    await until(() => answers.length === 16);
    expect(uids.filter((uid) => prober.record(uid) !== undefined)).toHaveLength(16);
    for (const answer of answers.splice(0)) answer();
    await until(() => answers.length === 4);
    for (const answer of answers) answer();
    await until(() => results.length === 20);
    expect(new Set(results)).toEqual(new Set(uids));
  });

  test('of engines that are gone are cancelled and forgotten, those of others are not', async () => {
    let open = 0;
    const { port } = await engine(
      completions((_, response) => {
        open++;
        response.on('close', () => open--);
      }),
    );
    const { prober, results } = proberWith();
    prober.ask(target(port, { uid: 'gone' }));
    prober.ask(target(port, { uid: 'stays' }));
    await until(() => open === 2);
    prober.keep(new Set(['stays']));
    await until(() => open === 1);
    expect(prober.record('gone')).toBeUndefined();
    expect(prober.record('stays')?.outcome).toBe('Pending');
    expect(results).toEqual([]);
  });

  test('end when the prober stops, and none begins any more', async () => {
    const { port, asked } = await engine(completions(never));
    const { prober, results } = proberWith();
    prober.ask(target(port));
    await until(() => asked.some(asksForToken));
    await prober.stop();
    prober.ask(target(port, { uid: 'u2' }));
    expect(prober.record('u2')).toBeUndefined();
    expect(results).toEqual([]);
  });
});
