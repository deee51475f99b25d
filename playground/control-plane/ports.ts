import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing connections, so that no
// connection can take a port between our look and the server's start, or while a server restarts; and below the
// range (from 20000) from which the simulated engines take theirs.
const LOWEST = 10_000;
const HIGHEST = 20_000;
const TRIES = 200;

/** `count` different TCP ports that are free on 127.0.0.1 now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === TRIES)
      throw new Error(`no ${count} free ports between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
