import { z } from 'zod';
import { ROLLS, rules, ruleWithValues } from '../schema.ts';

const LEAST = '(has(self.timeoutSeconds) ? self.timeoutSeconds : 1) + self.settleSeconds + 15';

/** How an engine ends; the arithmetic is in `workload/drain-times.ts`. */
export const Drain = z
  .object({
    timeoutSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .exactOptional()
      .describe(
        `Seconds an engine may take to finish its requests (--shutdown-timeout where vLLM has it). Default: 600, or what fits into terminationGracePeriodSeconds. ${ROLLS}`,
      ),
    settleSeconds: z
      .int()
      .min(0)
      .max(300)
      .default(10)
      .describe(
        `Seconds between leaving the Service and being taken for empty or stopped: proxies and clients lag. Default: 10. ${ROLLS}`,
      ),
    terminationGracePeriodSeconds: z
      .int()
      .min(1)
      .max(90_000)
      .exactOptional()
      .describe(
        `Seconds after which Kubernetes kills an engine that is told to stop. Default: settleSeconds + timeoutSeconds + 30. ${ROLLS}`,
      ),
  })
  .meta(
    rules(
      ruleWithValues(
        `!has(self.terminationGracePeriodSeconds) || self.terminationGracePeriodSeconds >= ${LEAST}`,
        'terminationGracePeriodSeconds (%d) is below settleSeconds + timeoutSeconds + 15 = %d, so running requests would be cut: raise it, or lower the others',
        'self.terminationGracePeriodSeconds',
        LEAST,
      ),
    ),
  );
