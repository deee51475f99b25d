import type { Fault } from './fault.ts';

type HostLeak = Extract<Fault, { kind: 'HostLeak' }>;

/** What a leak grows with, as it stands now. */
export interface LeakCounters {
  readonly requests: number;
  readonly steps: number;
  readonly ms: number;
}

const MS_PER_MINUTE = 60_000;

/** Memory that a process has lost, in bytes, by process. What is lost stays lost when a leak ends. */
export class LeakedMemory {
  readonly #read: () => LeakCounters;
  readonly #lost = { EngineCore: 0, ApiServer: 0 };
  #leak: { readonly fault: HostLeak; readonly since: LeakCounters } | undefined;

  constructor(read: () => LeakCounters) {
    this.#read = read;
  }

  /** Takes the place of the leak before. */
  begin(fault: HostLeak): void {
    this.end();
    this.#leak = { fault, since: this.#read() };
  }

  end(): void {
    if (this.#leak === undefined) return;
    this.#lost[this.#leak.fault.process] += this.#growth();
    this.#leak = undefined;
  }

  bytes(process: HostLeak['process']): number {
    const growth = this.#leak?.fault.process === process ? this.#growth() : 0;
    return Math.round(this.#lost[process] + growth);
  }

  #growth(): number {
    if (this.#leak === undefined) return 0;
    const { fault, since } = this.#leak;
    const now = this.#read();
    const growth =
      fault.bytesPerRequest * (now.requests - since.requests) +
      fault.bytesPerStep * (now.steps - since.steps) +
      (fault.bytesPerMinute * (now.ms - since.ms)) / MS_PER_MINUTE;
    return Math.min(growth, fault.untilBytes ?? Infinity);
  }
}
