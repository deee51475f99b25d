import { loadOf } from '../../snapshot/engine-load.ts';
import { DataParallelEngine } from '../model/data-parallel.ts';
import type { TokenListener } from '../model/engine-model.ts';
import { sampleOf } from './engine-sample.ts';
import type { EngineView, FleetConfig } from './types.ts';

/** One engine of a simulated fleet: starts, serves, maybe drains. */
export class SimulatedEngine {
  readonly createdAtMs: number;
  readonly readyAtMs: number;
  readonly engine: DataParallelEngine;
  draining = false;
  readonly #name: string;
  readonly #config: FleetConfig;

  constructor(config: FleetConfig, index: number, createdAtMs: number, listener: TokenListener) {
    this.#config = config;
    this.#name = `engine-${String(index).padStart(4, '0')}`;
    this.createdAtMs = createdAtMs;
    this.readyAtMs = createdAtMs + config.startupMs;
    this.engine = new DataParallelEngine(config.engine, config.dataParallelSize, this.readyAtMs, listener);
  }

  get inFlight(): number {
    return this.engine.inFlight;
  }

  /** What is seen of it at `nowMs`, up to which it has been run. */
  view(nowMs: number): EngineView {
    const { draining, createdAtMs, readyAtMs } = this;
    const identity = {
      uid: this.#name,
      name: this.#name,
      revision: 'simulated',
      replicaSet: 'simulated',
      resourceVersion: '1',
      createdAtMs,
      restarts: 0,
      isMember: true,
      isListed: readyAtMs <= nowMs && !draining,
    };
    if (readyAtMs > nowMs) {
      const message = 'the engine is starting';
      return {
        draining,
        snapshot: {
          ...identity,
          lifecycle: 'Loading',
          page: { state: 'Missing', reason: 'NoPageYet', message },
        },
      };
    }
    const sample = sampleOf(this.engine, this.#config.engine, createdAtMs);
    const load = loadOf({ atMs: nowMs, sample });
    return {
      draining,
      sample,
      snapshot: { ...identity, lifecycle: 'Ready', readyAtMs, page: { state: 'Fresh', load } },
    };
  }
}
