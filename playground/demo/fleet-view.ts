import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';

/** What clears a terminal. */
export const CLEAR = '\u001B[H\u001B[2J';
const BAR = 24;

/** What the demo shows beside the resource. */
export interface Moment {
  readonly seconds: number;
  readonly phase: string;
  readonly fleet: VLLMDeployment;
}

/** Shows the fleet as the operator's own status tells it. */
export interface FleetView {
  show(moment: Moment): void;
}

/** A screen that is drawn anew on a terminal; plain lines, one when something changed, elsewhere. */
export function createView(out: NodeJS.WriteStream): FleetView {
  return out.isTTY ? new ScreenView(out) : new LineView(out);
}

class ScreenView implements FleetView {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show({ seconds, phase, fleet }: Moment): void {
    const { summary, engines = [], why = [] } = fleet.status ?? {};
    const kv = Number.parseInt(summary?.kv ?? '', 10) / 100;
    const lines = [
      `vllm-warden demo   ${seconds.toFixed(0)} s   ${phase}`,
      '',
      `engines  ${summary?.ready ?? '?'} ready, ${summary?.desired ?? '?'} wanted   ${summary?.state ?? 'no status yet'}`,
      `queue    ${summary?.waiting ?? '?'} waiting, ${summary?.running ?? '?'} running`,
      `KV       ${bar(kv)} ${summary?.kv ?? '?'}`,
      '',
      ...engines.map((engine) => `  ${engine}`),
      '',
      ...why.map((sentence) => `  ${sentence}`),
    ];
    const width = this.#out.columns;
    this.#out.write(`${CLEAR}${lines.map((line) => line.slice(0, width)).join('\n')}\n`);
  }
}

/** A share, 0 to 1, as a bar. */
export function bar(share: number): string {
  const filled = Number.isNaN(share) ? 0 : Math.round(Math.min(1, share) * BAR);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
}

/** How often a line is written when nothing but figures changes. */
const QUIET_SECONDS = 5;

class LineView implements FleetView {
  readonly #out: NodeJS.WriteStream;
  #last = { changes: '', seconds: -Infinity };

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show({ seconds, phase, fleet }: Moment): void {
    const { summary, scaling } = fleet.status ?? {};
    const size = `${summary?.ready ?? '?'} engines ready, ${summary?.desired ?? '?'} wanted`;
    const change = scaling?.history?.at(-1);
    const changes = `${phase} ${size} ${change?.at ?? ''}`;
    if (changes === this.#last.changes && seconds - this.#last.seconds < QUIET_SECONDS) return;
    const figures = `${summary?.waiting ?? '?'} waiting, ${summary?.running ?? '?'} running, KV ${summary?.kv ?? '?'}`;
    this.#out.write(`${seconds.toFixed(0).padStart(4)} s  ${phase.padEnd(7)} ${size}; ${figures}\n`);
    if (change !== undefined && !this.#last.changes.endsWith(change.at)) {
      this.#out.write(`        ${change.from} → ${change.to}: ${change.message}\n`);
    }
    this.#last = { changes, seconds };
  }
}
