import { createServer } from 'node:http';
import {
  ImagePullError,
  type ContainerExit,
  type ContainerStart,
} from '../../../playground/node/container.ts';
import type { RunningContainer, StartContainer } from '../../../playground/node/container.ts';

/** A container that a test can look at and steer. */
export interface FakeContainer extends RunningContainer {
  readonly start: ContainerStart;
  /** What `/health` answers; 503 until the test says otherwise, if the container was started with `unready`. */
  health: number;
  readonly terminatedAt: number | undefined;
  readonly paths: readonly string[];
  exit(how: ContainerExit): void;
}

/** Tiny HTTP servers as containers. The pod's annotations steer them: `ignore-sigterm`, `unready`. */
export class FakeContainers {
  /** All that were ever started, oldest first. */
  readonly started: FakeContainer[] = [];

  readonly startContainer: StartContainer = async (start) => {
    if (!start.image.startsWith('fake/')) throw new ImagePullError(`no image ${start.image}`);
    const container = await run(start);
    this.started.push(container);
    return container;
  };

  /** The pod's containers, oldest first. */
  of(podName: string): FakeContainer[] {
    return this.started.filter((container) => container.start.pod.name === podName);
  }
}

async function run(start: ContainerStart): Promise<FakeContainer> {
  const { annotations } = start.pod;
  const paths: string[] = [];
  let terminatedAt: number | undefined;
  let resolveExit: (how: ContainerExit) => void;
  const exited = new Promise<ContainerExit>((resolve) => (resolveExit = resolve));
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    paths.push(path);
    response.statusCode = path === '/health' ? container.health : 200;
    response.end(`${start.pod.name} ${path}`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const exit = (how: ContainerExit): void => {
    server.close();
    server.closeAllConnections();
    resolveExit(how);
  };
  const container: FakeContainer = {
    start,
    health: annotations['unready'] === undefined ? 200 : 503,
    paths,
    port: address !== null && typeof address === 'object' ? address.port : 0,
    exited,
    exit,
    get terminatedAt() {
      return terminatedAt;
    },
    terminate: () => {
      terminatedAt ??= Date.now();
      if (annotations['ignore-sigterm'] === undefined) exit({ exitCode: 0, reason: 'Completed' });
    },
    kill: () => exit({ exitCode: 137, reason: 'Error' }),
  };
  return container;
}
