import type { Proposal, SizeDecision } from '../../src/scaling/types.ts';

const MINUTE_MS = 60_000;

/** What was decided, told to a person: one entry each time that the size or the reason is another than before. */
export class Story {
  readonly #whatCame: (nowMs: number) => string;
  readonly #entries: string[] = [];
  #told = '';

  /** @param whatCame the load at a time, in words */
  constructor(whatCame: (nowMs: number) => string) {
    this.#whatCame = whatCame;
  }

  get text(): string {
    return `${this.#entries.join('\n')}\n`;
  }

  readonly see = (decision: SizeDecision, nowMs: number): void => {
    const { current, desired, reason, message } = decision;
    const told = `${desired} ${reason}`;
    if (told === this.#told) return;
    this.#told = told;
    const move = desired === current ? `stays ${current}` : `${current} → ${desired}`;
    this.#entries.push(
      `${clock(nowMs)}  ${move.padEnd(8)}  ${reason}`,
      `       ${this.#whatCame(nowMs)}; ${load(decision)}`,
      `       ${chain(decision)}`,
      `       ${message}`,
    );
  };
}

/** What the pages tell. */
function load({ inputs }: SizeDecision): string {
  const { ready, starting, running = '?', waiting = '?', kvCacheUsage } = inputs;
  const kv = kvCacheUsage === undefined ? '?' : `${(100 * kvCacheUsage).toFixed(0)} %`;
  return `${ready} ready, ${starting} starting, ${running} running, ${waiting} waiting, KV ${kv}`;
}

/** What each signal asked for, and every limit on the way to the size. */
function chain({ proposals, limits, desired }: SizeDecision): string {
  const asked = proposals.map((proposal) => `${proposal.signal} ${askOf(proposal)}`).join(', ');
  const limited = limits.map(({ name, from, to }) => `${name} ${from} → ${to}`);
  return `${asked}; ${limited.length === 0 ? `nothing limits ${desired}` : limited.join(', ')}`;
}

function askOf(proposal: Proposal): string {
  return proposal.kind === 'Size' ? `${proposal.size} (${proposal.reason})` : `– (${proposal.reason})`;
}

/** Minutes and seconds. */
function clock(ms: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${pad(Math.floor(ms / MINUTE_MS))}:${pad(Math.floor((ms % MINUTE_MS) / 1000))}`;
}
