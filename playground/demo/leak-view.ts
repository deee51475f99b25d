import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { bar, CLEAR } from './fleet-view.ts';
import type { EngineMemory } from './memory.ts';

/** What the second act shows. */
export interface LeakMoment {
  readonly seconds: number;
  readonly fleet: VLLMDeployment;
  readonly memory: readonly EngineMemory[];
  readonly limitBytes: number;
  readonly answered: number;
  readonly failed: number;
  /** What has just happened. */
  readonly news: readonly string[];
}

export interface LeakView {
  show(moment: LeakMoment): void;
}

/** A screen that is drawn anew on a terminal; plain lines elsewhere. */
export function createLeakView(out: NodeJS.WriteStream): LeakView {
  return out.isTTY ? new ScreenView(out) : new LineView(out);
}

const GIB = 2 ** 30;
const gib = (bytes: number): string => (bytes / GIB).toFixed(1);

class ScreenView implements LeakView {
  readonly #out: NodeJS.WriteStream;
  readonly #news: string[] = [];

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show({ seconds, fleet, memory, limitBytes, answered, failed, news }: LeakMoment): void {
    const { summary, engines = [] } = fleet.status ?? {};
    this.#news.push(...news.map((line) => `${seconds.toFixed(0).padStart(4)} s  ${line}`));
    const lines = [
      `vllm-warden demo, a leak   ${seconds.toFixed(0)} s   requests: ${answered} answered, ${failed} failed`,
      '',
      `engines  ${summary?.ready ?? '?'} ready   ${summary?.state ?? 'no status yet'}`,
      ...memory.map(
        ({ engine, bytes }) =>
          `  ${engine}  ${bar(bytes / limitBytes)} ${gib(bytes)} of ${gib(limitBytes)} GiB`,
      ),
      '',
      ...engines.map((engine) => `  ${engine}`),
      '',
    ];
    const { columns: width, rows } = this.#out;
    const cut = lines.map((line) => line.slice(0, width));
    // What has happened is for reading: its lines are wrapped, the newest always fit.
    const wrapped = this.#news.flatMap((line) => wrap(line, width));
    const room = Math.max(1, rows - cut.length - 1);
    this.#out.write(`${CLEAR}${[...cut, ...wrapped.slice(-room)].join('\n')}\n`);
  }
}

function wrap(line: string, width: number): readonly string[] {
  const pieces = Math.max(1, Math.ceil(line.length / width));
  return Array.from({ length: pieces }, (_, piece) => line.slice(piece * width, (piece + 1) * width));
}

/** How often figures are told. */
const FIGURES_SECONDS = 10;

class LineView implements LeakView {
  readonly #out: NodeJS.WriteStream;
  #toldSeconds = -Infinity;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show({ seconds, fleet, memory, limitBytes, answered, failed, news }: LeakMoment): void {
    const at = `${seconds.toFixed(0).padStart(4)} s  `;
    if (seconds - this.#toldSeconds >= FIGURES_SECONDS) {
      this.#toldSeconds = seconds;
      const used = memory.map(({ bytes }) => gib(bytes)).join(', ');
      this.#out.write(
        `${at}${fleet.status?.summary?.ready ?? '?'} engines ready; memory ${used} of ${gib(limitBytes)} GiB; ${answered} requests answered, ${failed} failed\n`,
      );
    }
    for (const line of news) this.#out.write(`${at}${line}\n`);
  }
}
