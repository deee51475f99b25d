import { judgeHostMemory } from '../../src/rules/leaks/judge-host-memory.ts';
import { judgeKvBlocks } from '../../src/rules/leaks/judge-kv-blocks.ts';
import { NO_LEAK_HISTORY, rememberMinute, type LeakHistory } from '../../src/rules/leaks/leak-history.ts';
import type { LeakVerdict } from '../../src/rules/leaks/verdict.ts';
import type { Dice } from './dice.ts';
import { GIB, minutesOf, type Activities, type Engine, type EngineMinute } from './engine.ts';
import { linearFit, threshold, type Alarm } from './peers.ts';

export const OURS = 'vllm-warden';
/** Ours is asked every five simulated minutes, which can only delay it. */
const ASKED_EVERY_MINUTES = 5;

/** The minutes at which each detector first called a leak, and how long the engine lasted. */
export interface EngineRun {
  readonly minutes: number;
  readonly isFull: boolean;
  readonly firedAt: Readonly<Record<string, number | undefined>>;
  /** What ours said. */
  readonly verdict?: LeakVerdict | undefined;
}

/** Runs one engine until its memory or its KV cache is full or the time is over. */
export function runEngine(engine: Engine, minutes: number, dice: Dice, activities?: Activities): EngineRun {
  const ours = new Ours(engine);
  const peers = [threshold, linearFit].map((create) => new Peer(create, engine.limitBytes));
  let last: EngineMinute | undefined;
  for (const minute of minutesOf(engine, minutes, dice, activities)) {
    last = minute;
    ours.feed(minute);
    for (const peer of peers) peer.feed(minute);
  }
  return {
    minutes: (last?.minute ?? 0) + 1,
    isFull: last?.isFull ?? false,
    firedAt: Object.fromEntries([[OURS, ours.firedAt], ...peers.map(({ name, firedAt }) => [name, firedAt])]),
    verdict: ours.verdict,
  };
}

/** The two signatures on one history. */
class Ours {
  firedAt: number | undefined;
  verdict: LeakVerdict | undefined;
  readonly #engine: Engine;
  #history: LeakHistory = NO_LEAK_HISTORY;
  #startedAtMs: number | undefined;
  #firstTrafficAtMs: number | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  feed({ sample, minute, warmMinutes }: EngineMinute): void {
    if (this.firedAt !== undefined || sample === undefined) return;
    this.#history = rememberMinute(this.#history, sample);
    this.#startedAtMs ??= sample.atMs;
    if (warmMinutes >= 0) this.#firstTrafficAtMs ??= sample.atMs;
    if (minute % ASKED_EVERY_MINUTES === 0) this.#ask(minute, sample.atMs, this.#startedAtMs);
  }

  #ask(minute: number, nowMs: number, startedAtMs: number): void {
    const { limitBytes, allowedBytes } = this.#engine;
    const context = {
      limit: { bytes: limitBytes, of: 'Container' },
      allowedGrowthBytes: allowedBytes,
      startedAtMs,
      firstTrafficAtMs: this.#firstTrafficAtMs,
    } as const;
    const verdicts = [
      judgeHostMemory(this.#history, context, nowMs),
      judgeKvBlocks(this.#history, startedAtMs, nowMs),
    ];
    this.verdict = verdicts.find(({ state }) => state === 'Leaking');
    if (this.verdict !== undefined) this.firedAt = minute;
  }
}

/** One kind of alarm on memory and on the KV cache: whichever fires first. */
class Peer {
  readonly name: string;
  firedAt: number | undefined;
  readonly #memory: Alarm;
  readonly #kv: Alarm;
  readonly #limitGiB: number;

  constructor(create: () => Alarm, limitBytes: number) {
    this.#memory = create();
    this.#kv = create();
    this.name = this.#memory.name;
    this.#limitGiB = limitBytes / GIB;
  }

  feed({ sample, minute, kvCacheUsage }: EngineMinute): void {
    if (this.firedAt !== undefined) return;
    const bytes = sample?.workingSetBytes;
    const overMemory = this.#memory.feed(bytes === undefined ? undefined : bytes / GIB, this.#limitGiB);
    const overKv = this.#kv.feed(sample === undefined ? undefined : kvCacheUsage, 1);
    if (overMemory || overKv) this.firedAt = minute;
  }
}
