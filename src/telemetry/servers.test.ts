import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { startHealthServer } from './health-server.ts';
import { startHttpEndpoint, type HttpEndpoint } from './http-endpoint.ts';
import { parseListenAddress } from './listen-address.ts';
import { createMetrics } from './metrics.ts';
import { startMetricsServer } from './metrics-server.ts';

const started: HttpEndpoint[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((endpoint) => endpoint.close()));
});

async function keep(starting: Promise<HttpEndpoint>): Promise<HttpEndpoint> {
  const endpoint = await starting;
  started.push(endpoint);
  return endpoint;
}

function ask(
  { port }: HttpEndpoint,
  path: string,
  method = 'GET',
): Promise<{ status: number | undefined; body: string; type: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method, timeout: 5000 }, (response) => {
      void text(response).then((body) =>
        resolve({ status: response.statusCode, body, type: response.headers['content-type'] }),
      );
    });
    asking.on('error', reject).end();
  });
}

describe('health', () => {
  test('is good while the process answers; ready follows the caches', async () => {
    let synced = false;
    const health = await keep(startHealthServer({ address: '127.0.0.1:0', isReady: () => synced }));
    expect(await ask(health, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await ask(health, '/readyz')).toMatchObject({
      status: 503,
      body: 'the caches are not synced yet\n',
    });
    synced = true;
    expect(await ask(health, '/readyz?verbose')).toMatchObject({ status: 200, body: 'ok\n' });
  });

  test('answers nothing else', async () => {
    const health = await keep(startHealthServer({ address: '127.0.0.1:0', isReady: () => true }));
    expect(await ask(health, '/')).toMatchObject({
      status: 404,
      body: 'not found; try /healthz or /readyz\n',
    });
    expect(await ask(health, '/constructor')).toMatchObject({ status: 404 });
    expect(await ask(health, '/readyz', 'POST')).toMatchObject({ status: 405 });
  });
});

test('metrics are served in the format of Prometheus', async () => {
  const metrics = createMetrics();
  metrics.runtime.leader(true);
  const server = await keep(startMetricsServer('127.0.0.1:0', metrics.registry));
  const { status, body, type } = await ask(server, '/metrics');
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  expect(body).toContain('vllm_warden_leader 1');
});

test('a page that cannot be made is a 500, not a crash', async () => {
  const endpoint = await keep(
    startHttpEndpoint('--x', '127.0.0.1:0', { '/x': () => Promise.reject(new Error('no')) }),
  );
  expect(await ask(endpoint, '/x')).toMatchObject({ status: 500, body: 'Error: no\n' });
});

test('a port that is taken is an error that names the flag', async () => {
  const { port } = await keep(startHttpEndpoint('--x', '127.0.0.1:0', {}));
  await expect(startHttpEndpoint('--health-address', `127.0.0.1:${port}`, {})).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringMatching(/^--health-address 127\.0\.0\.1:\d+ cannot be bound: .*EADDRINUSE/),
  });
});

describe('an address', () => {
  test.each([
    [':8080', { host: undefined, port: 8080 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:65535', { host: 'localhost', port: 65535 }],
    ['[::1]:9090', { host: '::1', port: 9090 }],
  ])('%s is read', (text, expected) => {
    expect(parseListenAddress('--metrics-address', text)).toEqual(expected);
  });

  test.each(['', '8080', ':', ':65536', '::1:8080', 'http://x:80', ':80a'])('"%s" is refused', (text) => {
    expect(() => parseListenAddress('--metrics-address', text)).toThrow(`--metrics-address is "${text}".`);
  });
});
