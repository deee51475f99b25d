import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ranges from which systems take ports for outgoing connections (Linux 32768, macOS 49152). */
const FIRST_PORT = 20_000;
const PORTS = 12_000;

const reserved = new Set<number>();
let next = randomInt(PORTS);

/**
 * Finds a free TCP port on `host` and keeps it out of this process's other reservations until released. Nothing
 * holds it against other processes while its engine starts, for a port must refuse connections until then; taking
 * it from a range that systems do not hand out by themselves, at a random place, makes a
 * clash unlikely, and listening is retried.
 */
export async function reservePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < PORTS; attempt += 1) {
    const port = FIRST_PORT + next;
    next = (next + 1) % PORTS;
    if (reserved.has(port)) continue;
    reserved.add(port);
    if (await isFree(host, port)) return port;
    reserved.delete(port);
  }
  throw new Error(`No TCP port from ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} is free on ${host}.`);
}

export function releasePort(port: number): void {
  reserved.delete(port);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
