import { z } from 'zod';
import { mapList, RESTARTS_NOTHING, ROLLS, rules, ruleWithValues } from '../schema.ts';
import { RESERVED_PREFIX } from './constants.ts';

const LEAST = '(has(self.timeoutSeconds) ? self.timeoutSeconds : 1) + self.settleSeconds + 15';

const LabelKey = z.string().min(1).max(316);
const LabelValue = z.string().max(63);

/** A label by which the user's own router finds engines. */
const DrainLabel = z
  .object({
    key: LabelKey.describe(`Key of the label. ${RESTARTS_NOTHING}`),
    value: LabelValue.describe(
      `Its value while the engine serves, as in template.labels. ${RESTARTS_NOTHING}`,
    ),
    drainedValue: LabelValue.exactOptional().describe(
      `Its value while the engine drains. Default: none, the label is removed. ${RESTARTS_NOTHING}`,
    ),
  })
  .meta(
    rules({
      rule: `!self.key.startsWith('${RESERVED_PREFIX}')`,
      message: "the operator's own labels are taken off without being named here: remove this one",
    }),
  );

/** How an engine ends; the arithmetic is in `workload/drain-times.ts`. */
export const Drain = z
  .object({
    timeoutSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .exactOptional()
      .describe(
        `Seconds an engine may take to finish its requests (--shutdown-timeout where vLLM has it). Default: 600, or what fits into terminationGracePeriodSeconds; when the operator itself drains, twice the 99th percentile of the request times seen, between 60 and 600, and 120 while unknown. ${ROLLS}`,
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
    labels: z
      .array(DrainLabel)
      .max(8)
      .meta(mapList('key'))
      .default([])
      .describe(
        `Labels of your own router that must go too when an engine drains, such as the one that an InferencePool selects by. Default: none. ${RESTARTS_NOTHING}`,
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
