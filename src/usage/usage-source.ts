/** What one pod was measured to use. */
export interface MeasuredPod {
  readonly namespace: string;
  readonly name: string;
  /** The end of the time that was measured, milliseconds since the epoch. */
  readonly atMs: number;
  /** Working set in bytes, by the container's name. */
  readonly workingSetBytes: ReadonlyMap<string, number>;
}

/** Where memory is read. Both reject with a `WardenError`. */
export interface UsageSource {
  podMetrics(
    namespace: string,
    labelSelector: string,
    signal: AbortSignal,
  ): Promise<
    | { readonly kind: 'Listed'; readonly pods: readonly MeasuredPod[] }
    | { readonly kind: 'Unavailable'; readonly message: string }
  >;
  /** Allocatable memory in bytes; undefined when there is no such node. */
  nodeMemory(name: string, signal: AbortSignal): Promise<number | undefined>;
}

/** An engine whose memory is to be read. */
export interface MeasuredEngine {
  readonly namespace: string;
  /** Of the pod; figures of another pod of that name are told apart by its creation. */
  readonly name: string;
  readonly uid: string;
  readonly createdAtMs: number;
  readonly nodeName?: string | undefined;
  /** Its container has a memory limit, so that the node's memory does not matter. */
  readonly hasLimit: boolean;
}
