import { quantityValue } from '../../src/api/quantity.ts';
import { forgivesCrashes, restartDelayMs, type Backoff } from './backoff.ts';
import type { ContainerAddress } from './check.ts';
import { ImagePullError, type ContainerExit, type RunningContainer } from './container.ts';
import { Deadline, aborted, pause } from './deadline.ts';
import type { Container } from './pod.ts';
import { kubeTime, type ContainerState, type ContainerView, type TerminatedState } from './pod-status.ts';
import { runPreStop } from './pre-stop.ts';
import { runProbe } from './probe.ts';

/** The kubelet never leaves a process less than this between SIGTERM and SIGKILL. */
const LEAST_MS_TO_SIGKILL = 2000;

/** What a container's worker needs of its pod. */
export interface ContainerHost {
  readonly podIP: string;
  readonly restartPolicy: 'Always' | 'OnFailure' | 'Never';
  readonly terminationGracePeriodMs: number;
  readonly backoff: Backoff;
  /** Aborted when the pod is to end, for a reason that `stopDeadline` then limits. */
  readonly terminating: AbortSignal;
  /** Set before `terminating` is aborted. */
  stopDeadline(): Deadline;
  start(): Promise<RunningContainer>;
  /** The container's ports lead to this loopback port, or, with undefined, nowhere. */
  expose(port: number | undefined): void;
  changed(): void;
  event(type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/**
 * The life of one container: start, probe, restart after a crash, stop.
 *
 *     waiting ─start→ running ─exit→ terminated ─back-off→ waiting (CrashLoopBackOff) → …
 */
export class ContainerWorker {
  readonly #spec: Container;
  readonly #host: ContainerHost;
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #lastState: TerminatedState | undefined;
  #restartCount = 0;
  #started = false;
  #ready = false;
  #finished = false;
  #running: RunningContainer | undefined;
  #killed = false;

  constructor(spec: Container, host: ContainerHost) {
    this.#spec = spec;
    this.#host = host;
  }

  get view(): ContainerView {
    return {
      name: this.#spec.name,
      image: this.#spec.image,
      state: this.#state,
      lastState: this.#lastState,
      restartCount: this.#restartCount,
      started: this.#started,
      ready: this.#ready,
      finished: this.#finished,
    };
  }

  get name(): string {
    return this.#spec.name;
  }

  /** Undefined while nothing runs, or nobody counts it. */
  get workingSetBytes(): number | undefined {
    return this.#running?.memory?.workingSetBytes();
  }

  /** Does what the kernel does to a container that has reached its memory limit. */
  enforceMemoryLimit(): void {
    const limit = quantityValue(this.#spec.resources.limits.memory ?? '');
    if (limit !== undefined && (this.workingSetBytes ?? 0) > limit) this.#running?.memory?.outOfMemory();
  }

  /** SIGKILL now, without SIGTERM. */
  kill(): void {
    this.#killed = true;
    this.#running?.kill();
  }

  /** Resolves once the container has ended for good. */
  async run(): Promise<void> {
    let crashes = 0;
    let failedStarts = 0;
    while (!this.#host.terminating.aborted) {
      const running = await this.#tryStart();
      if (running === undefined) {
        failedStarts += 1;
        await this.#waitToStart(restartDelayMs(failedStarts + 1, this.#host.backoff));
        continue;
      }
      const startedAt = Date.now();
      const exit = await this.#live(running, startedAt);
      if (!this.#runsAgain(exit)) break;
      crashes = forgivesCrashes(Date.now() - startedAt, this.#host.backoff) ? 1 : crashes + 1;
      await this.#backOff(crashes);
      if (!this.#host.terminating.aborted) this.#restartCount += 1;
    }
    this.#finished = true;
    this.#host.changed();
  }

  async #tryStart(): Promise<RunningContainer | undefined> {
    try {
      return await this.#host.start();
    } catch (error) {
      const reason = error instanceof ImagePullError ? 'ErrImagePull' : 'CreateContainerError';
      const message = error instanceof Error ? error.message : String(error);
      this.#host.event('Warning', 'Failed', `Error: ${reason}: ${message}`);
      this.#become({ waiting: { reason, message } });
      return undefined;
    }
  }

  /** From the start of the process to its exit. */
  async #live(running: RunningContainer, startedAt: number): Promise<ContainerExit> {
    this.#running = running;
    this.#started = this.#spec.startupProbe === undefined;
    this.#ready = this.#started && this.#spec.readinessProbe === undefined;
    this.#host.expose(running.port);
    this.#become({ running: { startedAt: kubeTime(startedAt) } });
    this.#host.event('Normal', 'Started', `Started container ${this.#spec.name}`);
    const gone = new AbortController();
    void this.#probe(running, gone.signal);
    void this.#stopWithPod(running, gone.signal);
    if (this.#killed) running.kill();
    const exit = await running.exited;
    gone.abort();
    this.#running = undefined;
    this.#started = false;
    this.#ready = false;
    this.#host.expose(undefined);
    this.#become(this.#terminated(exit, startedAt));
    return exit;
  }

  #terminated({ exitCode, reason, message }: ContainerExit, startedAt: number): TerminatedState {
    const fromLog = exitCode !== 0 && this.#spec.terminationMessagePolicy === 'FallbackToLogsOnError';
    return {
      terminated: {
        exitCode,
        reason,
        ...(fromLog && message !== undefined ? { message } : {}),
        startedAt: kubeTime(startedAt),
        finishedAt: kubeTime(Date.now()),
      },
    };
  }

  async #stopWithPod(running: RunningContainer, gone: AbortSignal): Promise<void> {
    await aborted(AbortSignal.any([this.#host.terminating, gone]));
    if (gone.aborted || this.#killed) return;
    await this.#stop(running, this.#host.stopDeadline(), gone);
  }

  /** preStop, SIGTERM, and at the deadline SIGKILL. */
  async #stop(running: RunningContainer, deadline: Deadline, gone: AbortSignal): Promise<void> {
    this.#host.event('Normal', 'Killing', `Stopping container ${this.#spec.name}`);
    const hook = this.#spec.lifecycle.preStop;
    if (hook !== undefined) {
      const limit = AbortSignal.any([deadline.passed, gone]);
      const failure = await runPreStop(hook, this.#address(running), limit);
      if (failure !== undefined && !gone.aborted) this.#host.event('Warning', 'FailedPreStopHook', failure);
    }
    if (gone.aborted) return;
    running.terminate();
    const leastGrace = pause(LEAST_MS_TO_SIGKILL, gone);
    await aborted(AbortSignal.any([deadline.passed, gone]));
    await leastGrace;
    if (!gone.aborted) running.kill();
  }

  async #probe(running: RunningContainer, gone: AbortSignal): Promise<void> {
    const { startupProbe, readinessProbe, livenessProbe } = this.#spec;
    const address = this.#address(running);
    const untilStopped = AbortSignal.any([gone, this.#host.terminating]);
    if (startupProbe !== undefined) {
      const decided = new AbortController();
      const report = (verdict: 'healthy' | 'unhealthy', failure: string | undefined): void => {
        decided.abort();
        if (verdict === 'unhealthy') return this.#fail(running, 'Startup', failure, gone);
        this.#started = true;
        this.#ready = readinessProbe === undefined;
        this.#host.changed();
      };
      await runProbe(startupProbe, address, report, AbortSignal.any([untilStopped, decided.signal]));
      if (!this.#started) return;
    }
    if (readinessProbe !== undefined) {
      // It goes on while the pod terminates, as the kubelet's does.
      void runProbe(
        readinessProbe,
        address,
        (verdict, failure) => this.#setReady(verdict === 'healthy', failure),
        gone,
      );
    }
    if (livenessProbe !== undefined) {
      const decided = new AbortController();
      const report = (verdict: 'healthy' | 'unhealthy', failure: string | undefined): void => {
        if (verdict === 'healthy') return;
        decided.abort();
        this.#fail(running, 'Liveness', failure, gone);
      };
      void runProbe(livenessProbe, address, report, AbortSignal.any([untilStopped, decided.signal]));
    }
  }

  #setReady(ready: boolean, failure: string | undefined): void {
    if (ready === this.#ready) return;
    this.#ready = ready;
    if (!ready) this.#host.event('Warning', 'Unhealthy', `Readiness probe failed: ${failure ?? ''}`);
    this.#host.changed();
  }

  /** A failed start-up or liveness probe: the container is stopped and, by policy, started again. */
  #fail(running: RunningContainer, probe: string, failure: string | undefined, gone: AbortSignal): void {
    this.#host.event('Warning', 'Unhealthy', `${probe} probe failed: ${failure ?? ''}`);
    const deadline = new Deadline(this.#host.terminationGracePeriodMs);
    void this.#stop(running, deadline, gone).finally(() => deadline.cancel());
  }

  #address(running: RunningContainer): ContainerAddress {
    return {
      port: running.port,
      containerPorts: this.#spec.ports.map((port) => port.containerPort),
      podIP: this.#host.podIP,
    };
  }

  #runsAgain(exit: ContainerExit): boolean {
    if (this.#host.terminating.aborted) return false;
    const policy = this.#host.restartPolicy;
    return policy === 'Always' || (policy === 'OnFailure' && exit.exitCode !== 0);
  }

  async #backOff(crashes: number): Promise<void> {
    const delay = restartDelayMs(crashes, this.#host.backoff);
    const ended = this.#state;
    if ('terminated' in ended) this.#lastState = ended;
    if (delay === 0) return;
    const message = `back-off ${delay / 1000}s restarting failed container=${this.#spec.name}`;
    this.#host.event('Warning', 'BackOff', message);
    this.#become({ waiting: { reason: 'CrashLoopBackOff', message } });
    await this.#wait(delay);
    // Told to end while it waited: its last word is how it ended, not that it waits.
    if (this.#host.terminating.aborted) this.#become(ended);
  }

  /** The kubelet tells the error first, and at its next look at the pod that it holds back. */
  async #waitToStart(ms: number): Promise<void> {
    await this.#wait(ms / 2);
    if ('waiting' in this.#state && this.#state.waiting.reason === 'ErrImagePull') {
      const message = `Back-off pulling image "${this.#spec.image}"`;
      this.#become({ waiting: { reason: 'ImagePullBackOff', message } });
    }
    await this.#wait(ms / 2);
  }

  #wait(ms: number): Promise<void> {
    return pause(ms, this.#host.terminating);
  }

  #become(state: ContainerState): void {
    this.#state = state;
    this.#host.changed();
  }
}
