import type { Backoff } from './backoff.ts';
import type { RunningContainer } from './container.ts';
import { ContainerWorker } from './container-worker.ts';
import { Deadline, aborted, pause } from './deadline.ts';
import type { Container, Pod } from './pod.ts';
import type { WriteOutcome } from './pod-api.ts';
import type { PodUsage } from './pod-metrics.ts';
import { containerStatus, kubeTime, podConditions, podPhase, type PodCondition } from './pod-status.ts';

const RETRY_MS = 200;
/** A deletion without grace gets this much from the kubelet (`calculateEffectiveGracePeriod`). */
const LEAST_GRACE_MS = 1000;

/** What a pod's worker needs of its node. */
export interface PodHost {
  readonly podIP: string;
  readonly backoff: Backoff;
  start(container: Container): Promise<RunningContainer>;
  /** `port` of the pod leads to `loopbackPort`, or, with undefined, nowhere. */
  expose(port: number, loopbackPort: number | undefined): void;
  writeStatus(status: Readonly<Record<string, unknown>>): Promise<WriteOutcome>;
  /** Deletes the API object, now that nothing runs any more. */
  deleteObject(): Promise<WriteOutcome>;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** Runs one pod that is bound to this node, and reports its status, from the first sight of it to its end. */
export class PodWorker {
  readonly #host: PodHost;
  readonly #pod: Pod;
  readonly #containers: readonly ContainerWorker[];
  readonly #terminating = new AbortController();
  readonly #gone = new AbortController();
  readonly #startTime = kubeTime(Date.now());
  #deadline: Deadline | undefined;
  #labels: Readonly<Record<string, string>> = {};
  #conditions: readonly PodCondition[] = [];
  #writing: Promise<void> | undefined;
  #changed = false;

  constructor(pod: Pod, host: PodHost) {
    this.#pod = pod;
    this.#host = host;
    this.#containers = pod.spec.containers.map((container) => this.#worker(container));
  }

  /** Resolves once every container has ended for good and the object is gone. */
  async run(): Promise<void> {
    this.observe(this.#pod);
    this.#report();
    await Promise.all(this.#containers.map((container) => container.run()));
    await aborted(this.#terminating.signal);
    this.#deadline?.cancel();
    await this.#writing;
    await this.#untilWritten(() => this.#host.deleteObject());
  }

  /** Takes in a newer version of the object: a deletion, or a deletion with a shorter grace period than before. */
  observe(pod: Pod): void {
    this.#labels = pod.metadata.labels;
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.#endWithin(
      (pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds) * 1000,
    );
  }

  /** The object is gone, by a deletion without grace: as on a real node, the processes still get their SIGTERM. */
  objectGone(): void {
    this.#gone.abort();
    this.#endWithin(0);
  }

  /** SIGKILL to everything, with no more reports: the playground stops. */
  abandon(): void {
    this.#gone.abort();
    for (const container of this.#containers) container.kill();
    this.#endWithin(0);
  }

  /** What its containers have in memory; undefined unless all of them tell, as with a metrics-server. */
  usage(): PodUsage | undefined {
    const { namespace, name } = this.#pod.metadata;
    const containers = [];
    for (const container of this.#containers) {
      const { workingSetBytes } = container;
      if (workingSetBytes === undefined) return undefined;
      containers.push({ name: container.name, workingSetBytes });
    }
    return { namespace, name, labels: this.#labels, containers };
  }

  enforceMemoryLimits(): void {
    for (const container of this.#containers) container.enforceMemoryLimit();
  }

  #endWithin(graceMs: number): void {
    const ms = Math.max(graceMs, LEAST_GRACE_MS);
    if (this.#deadline !== undefined) return this.#deadline.shorten(ms);
    this.#deadline = new Deadline(ms);
    this.#terminating.abort();
  }

  #worker(container: Container): ContainerWorker {
    return new ContainerWorker(container, {
      podIP: this.#host.podIP,
      restartPolicy: this.#pod.spec.restartPolicy,
      terminationGracePeriodMs: this.#pod.spec.terminationGracePeriodSeconds * 1000,
      backoff: this.#host.backoff,
      terminating: this.#terminating.signal,
      stopDeadline: () => (this.#deadline ??= new Deadline(LEAST_GRACE_MS)),
      start: () => this.#host.start(container),
      expose: (loopbackPort) => {
        for (const { containerPort } of container.ports) this.#host.expose(containerPort, loopbackPort);
      },
      changed: () => this.#report(),
      event: (type, reason, message) => this.#host.event(type, reason, message),
    });
  }

  /** One write at a time; changes during a write lead to one more. */
  #report(): void {
    this.#changed = true;
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  async #write(): Promise<void> {
    while (this.#changed && !this.#gone.signal.aborted) {
      // Changes of the same turn, such as a process's start and its ports, make one write.
      await Promise.resolve();
      this.#changed = false;
      await this.#untilWritten(() => this.#host.writeStatus(this.#status()));
    }
  }

  async #untilWritten(write: () => Promise<WriteOutcome>): Promise<void> {
    const { signal } = this.#gone;
    while (!signal.aborted) {
      const outcome = await write();
      if (outcome === 'written') return;
      if (outcome === 'gone') return this.objectGone();
      await pause(RETRY_MS, signal);
    }
  }

  #status(): Readonly<Record<string, unknown>> {
    const views = this.#containers.map((container) => container.view);
    this.#conditions = podConditions(views, this.#conditions, Date.now());
    return {
      phase: podPhase(views),
      conditions: this.#conditions,
      hostIP: '127.0.0.1',
      hostIPs: [{ ip: '127.0.0.1' }],
      podIP: this.#host.podIP,
      podIPs: [{ ip: this.#host.podIP }],
      startTime: this.#startTime,
      containerStatuses: views.map(containerStatus),
    };
  }
}
