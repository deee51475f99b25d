import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';
import { RESTARTS_NOTHING, rules, ruleWithValues } from '../schema.ts';

/** What the users of each kind of traffic feel as prompt, in milliseconds. */
const TARGETS = {
  Chat: { ttftMs: 500, interTokenMs: 50, totalMs: 10_000 },
  CodeCompletion: { ttftMs: 200, interTokenMs: 30, totalMs: 3000 },
  Batch: { ttftMs: 5000, interTokenMs: 100, totalMs: 60_000 },
  RAG: { ttftMs: 1000, interTokenMs: 80, totalMs: 15_000 },
  Agentic: { ttftMs: 2000, interTokenMs: 100, totalMs: 30_000 },
} as const;

type UseCase = keyof typeof TARGETS;
type Target = keyof (typeof TARGETS)[UseCase];

const USE_CASES = ['Chat', 'CodeCompletion', 'Batch', 'RAG', 'Agentic'] as const satisfies readonly UseCase[];

const inWords = (useCase: UseCase): string => {
  const { ttftMs, interTokenMs, totalMs } = TARGETS[useCase];
  return `${useCase}: ${ttftMs}, ${interTokenMs} and ${totalMs} ms`;
};

/** The target in force, in CEL. */
function effective(field: string, target: Target): string {
  const table = USE_CASES.map((useCase) => `'${useCase}': ${TARGETS[useCase][target]}`).join(', ');
  return `(has(self.${field}) ? self.${field} : {${table}}[self.useCase])`;
}

const TTFT = effective('ttftMilliseconds', 'ttftMs');
const TOTAL = effective('totalMilliseconds', 'totalMs');

const Milliseconds = z.int().min(1).max(3_600_000);

/** The latency that the fleet owes its users; `latencyTargets` fills it in. */
export const Latency = z
  .object({
    useCase: z
      .enum(USE_CASES)
      .default('Chat')
      .describe(
        `What the fleet is used for; gives the targets for the time to the first token, the time between tokens and the whole answer. ${USE_CASES.map(inWords).join('; ')}. Default: Chat. ${RESTARTS_NOTHING}`,
      ),
    ttftMilliseconds: Milliseconds.exactOptional().describe(
      `Target for the time to the first token of an answer, in milliseconds. Default: that of useCase. ${RESTARTS_NOTHING}`,
    ),
    interTokenMilliseconds: Milliseconds.exactOptional().describe(
      `Target for the time from one token to the next, in milliseconds. Default: that of useCase. ${RESTARTS_NOTHING}`,
    ),
    totalMilliseconds: Milliseconds.exactOptional().describe(
      `Target for the time until an answer is complete, in milliseconds. Default: that of useCase. ${RESTARTS_NOTHING}`,
    ),
  })
  .meta(
    rules(
      ruleWithValues(
        `!(has(self.ttftMilliseconds) || has(self.totalMilliseconds)) || ${TTFT} <= ${TOTAL}`,
        'a first token after %d ms comes later than a whole answer after %d ms: lower ttftMilliseconds or raise totalMilliseconds',
        TTFT,
        TOTAL,
      ),
    ),
  );

/** The latency targets of a fleet, all in milliseconds. */
export interface LatencyTargets {
  readonly useCase: UseCase;
  /** Time to the first token. */
  readonly ttftMs: number;
  /** Time from one token to the next. */
  readonly interTokenMs: number;
  /** Time until the answer is complete. */
  readonly totalMs: number;
}

/** The targets of `spec.latency`: those of its use case, each unless it is set. */
export function latencyTargets(latency: DeepReadonly<z.output<typeof Latency>>): LatencyTargets {
  const usual = TARGETS[latency.useCase];
  return {
    useCase: latency.useCase,
    ttftMs: latency.ttftMilliseconds ?? usual.ttftMs,
    interTokenMs: latency.interTokenMilliseconds ?? usual.interTokenMs,
    totalMs: latency.totalMilliseconds ?? usual.totalMs,
  };
}
