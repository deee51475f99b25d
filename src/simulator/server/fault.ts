import { z } from 'zod';

const seconds = z.number().positive().max(86_400);
const bytes = z
  .number()
  .nonnegative()
  .max(2 ** 50);

/** What may be wrong with an engine that runs, or look as if something were. */
export const Fault = z.discriminatedUnion('kind', [
  /** The engine stops in the middle of its work; the API server and its page, now frozen, go on (vLLM #32262). */
  z.strictObject({ kind: z.literal('Wedge') }),
  /** All that ran is thrown back into the queue, and nothing is scheduled any more (vLLM #45414, #39734). */
  z.strictObject({ kind: z.literal('Deadlock') }),
  /** The prompt at the head of the queue is computed over and over, and nothing is generated (vLLM #52520). */
  z.strictObject({ kind: z.literal('Livelock') }),
  /**
   * The engine is dead and the process lives (VLLM_KEEP_ALIVE_ON_ENGINE_DEATH): with an `Open` port it answers 503 and
   * 500, with a `Closed` one nothing. For good.
   */
  z.strictObject({ kind: z.literal('Dead'), port: z.enum(['Open', 'Closed']).default('Open') }),
  /**
   * Memory that is never freed. Only what the API server leaks is on the page; both are in the working set.
   * `untilBytes` makes it a cache that fills and stays.
   */
  z.strictObject({
    kind: z.literal('HostLeak'),
    process: z.enum(['EngineCore', 'ApiServer']).default('EngineCore'),
    bytesPerRequest: bytes.default(0),
    bytesPerStep: bytes.default(0),
    bytesPerMinute: bytes.default(0),
    untilBytes: bytes.optional(),
  }),
  /** KV blocks that each finished request leaves behind (vLLM #46283). */
  z.strictObject({ kind: z.literal('KvLeak'), blocksPerRequest: z.int().positive() }),
  /** Requests that clients leave stay in the gauges until the next step (vLLM #22545, #29928): not sick. */
  z.strictObject({ kind: z.literal('StaleGauges') }),
  /** Put to sleep by its user, requests and all: not sick. */
  z.strictObject({ kind: z.literal('Sleep'), level: z.union([z.literal(1), z.literal(2)]).default(1) }),
  /** Paused by its user, requests and all; its page does not tell: not sick. */
  z.strictObject({ kind: z.literal('Pause') }),
  /** Each step takes so many times as long. */
  z.strictObject({ kind: z.literal('Slow'), factor: z.number().positive().max(10_000) }),
  /** One step, the one under way or else the next, takes longer: a profiler's flush, a compilation. */
  z.strictObject({ kind: z.literal('Stall'), seconds }),
  /** Each `/metrics` takes so long. */
  z.strictObject({ kind: z.literal('SlowPage'), seconds }),
]);

export type Fault = z.infer<typeof Fault>;
/** As a person writes it: what has a default may be left out. */
export type FaultInput = z.input<typeof Fault>;
export type FaultKind = Fault['kind'];
export const FAULT_KINDS: readonly FaultKind[] = Fault.options.map(({ shape }) => shape.kind.value);

export type FaultOutcome =
  { readonly kind: 'Parsed'; readonly fault: Fault } | { readonly kind: 'Refused'; readonly message: string };

/** Reads a fault in JSON. */
export function parseFault(json: string): FaultOutcome {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { kind: 'Refused', message: `a fault is a JSON object, got "${json}": ${String(error)}` };
  }
  const parsed = Fault.safeParse(value);
  if (parsed.success) return { kind: 'Parsed', fault: parsed.data };
  return { kind: 'Refused', message: `not a fault: ${json}: ${z.prettifyError(parsed.error)}` };
}
