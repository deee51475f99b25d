/** What a container is started from: the parts of the pod that the process could see. */
export interface ContainerStart {
  readonly pod: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly nodeName: string;
    readonly ip: string;
  };
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface ContainerExit {
  readonly exitCode: number;
  readonly reason: 'Completed' | 'Error' | 'OOMKilled';
  /** The end of its log; shown where the container says `terminationMessagePolicy: FallbackToLogsOnError`. */
  readonly message?: string;
}

/** What a container's processes have in memory. */
export interface ContainerMemory {
  workingSetBytes(): number;
  /** Ends the container as the kernel does when its limit is reached. */
  outOfMemory(): void;
}

/** A process, in this process or outside it, that stands in for a container. */
export interface RunningContainer {
  /** The port on 127.0.0.1 that carries every declared port of the container. */
  readonly port: number;
  /** SIGTERM. */
  terminate(): void;
  /** SIGKILL; idempotent, and allowed after the exit. */
  kill(): void;
  readonly exited: Promise<ContainerExit>;
  /** Absent where nobody counts it. */
  readonly memory?: ContainerMemory;
}

/**
 * Starts a container; resolves once its process exists, ready or not.
 *
 * @throws ImagePullError when it cannot run this image; any other error counts as a failed start (both are retried)
 */
export type StartContainer = (container: ContainerStart) => Promise<RunningContainer>;

/** Nobody here knows the image; the container waits with reason `ErrImagePull`, then `ImagePullBackOff`. */
export class ImagePullError extends Error {
  override readonly name = 'ImagePullError';
}
