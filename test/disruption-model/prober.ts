import type { FleetControllerOptions } from '../../src/controllers/vllm-deployment/controller.ts';
import type { ProbeRecord } from '../../src/snapshot/probe-record.ts';
import type { VirtualCluster } from '../virtual-cluster/virtual-cluster.ts';

const TIMEOUT_MS = 30_000;

/** The probes of one process: an engine that stands still does not answer, any other does at once. */
export class VirtualProber implements Pick<FleetControllerOptions['prober'], 'ask' | 'record' | 'keep'> {
  readonly #cluster: VirtualCluster;
  readonly #records = new Map<string, ProbeRecord>();

  constructor(cluster: VirtualCluster) {
    this.#cluster = cluster;
  }

  ask({ uid }: Parameters<FleetControllerOptions['prober']['ask']>[0]): void {
    if (this.record(uid)?.outcome === 'Pending') return;
    this.#records.set(uid, { sentAtMs: this.#cluster.nowMs, outcome: 'Pending', message: 'asked' });
  }

  record(uid: string): ProbeRecord | undefined {
    const record = this.#records.get(uid);
    if (record?.outcome !== 'Pending') return record;
    const { engines, nowMs } = this.#cluster;
    const isOver = nowMs - record.sentAtMs >= TIMEOUT_MS;
    if (engines.isWedged(uid) && !isOver) return record;
    const ended = engines.isWedged(uid)
      ? ({ outcome: 'Silent', message: 'no answer within 30 s' } as const)
      : engines.page(uid) === undefined
        ? ({ outcome: 'Refused', message: 'connection refused' } as const)
        : ({ outcome: 'Answered', message: 'it generated a token' } as const);
    const answered = { ...record, ...ended, endedAtMs: nowMs };
    this.#records.set(uid, answered);
    return answered;
  }

  keep(uids: ReadonlySet<string>): void {
    for (const uid of this.#records.keys()) if (!uids.has(uid)) this.#records.delete(uid);
  }

  /** Engines that were asked and did not answer. */
  get silent(): ReadonlySet<string> {
    const found = [...this.#records].filter(([, { outcome }]) => outcome === 'Silent');
    return new Set(found.map(([uid]) => uid));
  }
}
