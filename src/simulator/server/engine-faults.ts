import type { EngineModel } from '../model/engine-model.ts';
import type { ApiServer } from './api-server.ts';
import type { EngineLoop } from './engine-loop.ts';
import type { Fault, FaultKind } from './fault.ts';
import type { LeakedMemory } from './leaked-memory.ts';

export interface FaultyParts {
  readonly model: EngineModel;
  readonly loop: EngineLoop;
  readonly api: ApiServer;
  readonly memory: LeakedMemory;
}

const SLEEP_STATES = { 1: 'weights_offloaded', 2: 'discard_all' } as const;

/** The faults of one engine. They are independent of each other; a second one of a kind takes the first one's place. */
export class EngineFaults {
  readonly #parts: FaultyParts;
  readonly #active = new Map<FaultKind, Fault>();

  constructor(parts: FaultyParts) {
    this.#parts = parts;
  }

  /** Those that have begun and not been ended, oldest first. */
  get active(): readonly Fault[] {
    return [...this.#active.values()];
  }

  has(kind: FaultKind): boolean {
    return this.#active.has(kind);
  }

  begin(fault: Fault): void {
    this.end(fault.kind);
    // A stall is over by itself.
    if (fault.kind !== 'Stall') this.#active.set(fault.kind, fault);
    this.#switchOn(fault);
  }

  /** What has leaked by then does not come back, and neither does an engine that is dead. */
  end(kind: FaultKind): void {
    if (kind === 'Dead' || !this.#active.delete(kind)) return;
    this.#switchOff(kind);
  }

  #switchOn(fault: Fault): void {
    const { model, loop, api, memory } = this.#parts;
    switch (fault.kind) {
      case 'Wedge':
      case 'Deadlock':
      case 'Livelock':
      case 'Pause':
        return loop.hold(fault.kind);
      case 'Sleep':
        model.stats.sleepState = SLEEP_STATES[fault.level];
        return loop.hold(fault.kind);
      case 'Dead':
        loop.hold(fault.kind);
        return fault.port === 'Open' ? api.loseEngine() : api.destroy();
      case 'HostLeak':
        return memory.begin(fault);
      case 'KvLeak':
        loop.keptBlocksPerRequest = fault.blocksPerRequest;
        return;
      case 'StaleGauges':
        loop.keepsGaugesOnAbort = true;
        return;
      case 'Slow': {
        const { a, b, c, d } = model.stepCost;
        const { factor } = fault;
        model.stepCost = { a: a * factor, b: b * factor, c: c * factor, d: d * factor };
        return;
      }
      case 'Stall':
        return loop.stall(fault.seconds * 1000);
      case 'SlowPage':
        api.pageDelayMs = fault.seconds * 1000;
    }
  }

  #switchOff(kind: Exclude<FaultKind, 'Dead'>): void {
    const { model, loop, api, memory } = this.#parts;
    switch (kind) {
      case 'Sleep':
        model.stats.sleepState = 'awake';
        return loop.release(kind);
      case 'Wedge':
      case 'Deadlock':
      case 'Livelock':
      case 'Pause':
        return loop.release(kind);
      case 'HostLeak':
        return memory.end();
      case 'KvLeak':
        loop.keptBlocksPerRequest = 0;
        return;
      case 'StaleGauges':
        loop.keepsGaugesOnAbort = false;
        return;
      case 'Slow':
        model.stepCost = model.usualStepCost;
        return;
      case 'SlowPage':
        api.pageDelayMs = 0;
        return;
      case 'Stall':
    }
  }
}
