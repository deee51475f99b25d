import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, type Socket } from 'node:net';
import { ProxyAgent, request } from 'undici';
import { startPlayground, type Playground } from '../../../playground/playground.ts';
import { eventually } from './eventually.ts';
import { FakeContainers } from './fake-containers.ts';
import { createPod, isReady, readPod } from './objects.ts';

const fakes = new FakeContainers();
let pg: Playground;
let podIP: string;

beforeAll(async () => {
  pg = await startPlayground({ nodes: [{ name: 'node-a' }], startContainer: fakes.startContainer });
  await createPod(pg, 'engine');
  podIP = await eventually(async () => {
    const pod = await readPod(pg, 'engine');
    if (!isReady(pod) || pod.status.podIP === undefined) throw new Error('the engine is not ready');
    return pod.status.podIP;
  });
});

afterAll(async () => {
  await pg.stop();
});

/** A tunnel through the proxy and everything that comes out of it. */
async function tunnel(
  target: string,
): Promise<{ socket: Socket; text: () => string; closed: Promise<void> }> {
  const { hostname, port } = new URL(pg.engineProxyUrl);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  return { socket, text: () => text, closed };
}

function ask(socket: Socket, path: string): void {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: engine\r\n\r\n`);
}

test('an address that no pod has is 503, a port where nothing listens is 502', async () => {
  const nobody = await tunnel('198.19.255.254:8000');
  await nobody.closed;
  expect(nobody.text()).toMatch(/^HTTP\/1\.1 503 /);
  const closed = await tunnel(`${podIP}:9`);
  await closed.closed;
  expect(closed.text()).toMatch(/^HTTP\/1\.1 502 /);
});

test('a refusing pod refuses new connections until the fault ends', async () => {
  pg.setPodFault('engine', { kind: 'refuse' });
  const refused = await tunnel(`${podIP}:8000`);
  await refused.closed;
  expect(refused.text()).toContain('502');
  pg.setPodFault('engine', undefined);
  const { socket, text } = await tunnel(`${podIP}:8000`);
  await eventually(() => expect(text()).toContain('200 Connection established'));
  socket.destroy();
});

test('a delayed pod answers later', async () => {
  pg.setPodFault('engine', { kind: 'delay', ms: 200 });
  const { socket, text } = await tunnel(`${podIP}:8000`);
  await eventually(() => expect(text()).toContain('200 Connection established'));
  pg.setPodFault('engine', undefined);
  socket.destroy();
});

test('a black hole swallows open and new connections, which go on when it ends; probes do not pass through it', async () => {
  const open = await tunnel(`${podIP}:8000`);
  await eventually(() => expect(open.text()).toContain('200 Connection established'));
  pg.setPodFault('engine', { kind: 'black-hole' });
  ask(open.socket, '/through-the-hole');
  const fresh = await tunnel(`${podIP}:8000`);
  const [container] = fakes.of('engine');
  if (container === undefined) throw new Error('the container was not started');
  const probes = container.paths.length;
  await eventually(() => expect(container.paths.length).toBeGreaterThan(probes + 1));
  expect(container.paths).not.toContain('/through-the-hole');
  expect(fresh.text()).toBe('');
  expect(isReady(await readPod(pg, 'engine'))).toBe(true);

  pg.setPodFault('engine', undefined);
  await eventually(() => {
    expect(open.text()).toContain('engine /through-the-hole');
    expect(fresh.text()).toContain('200 Connection established');
  });
  open.socket.destroy();
  fresh.socket.destroy();
});

test('a cut breaks the connections that are open', async () => {
  const { text, closed } = await tunnel(`${podIP}:8000`);
  await eventually(() => expect(text()).toContain('200 Connection established'));
  pg.cutPod('engine');
  await closed;
});

test('a client that does not tunnel is told so', async () => {
  const dispatcher = new ProxyAgent({ uri: pg.engineProxyUrl, proxyTunnel: false });
  const { statusCode, body } = await request(`http://${podIP}:8000/`, { dispatcher });
  expect([statusCode, await body.text()]).toEqual([405, 'this proxy carries only CONNECT\n']);
  await dispatcher.close();
});

test('once the pod has gone, so has its address', async () => {
  await pg.kubectl(['delete', 'pod', 'engine']);
  await eventually(async () => {
    const { text, closed } = await tunnel(`${podIP}:8000`);
    await closed;
    expect(text()).toContain('503');
  });
});
