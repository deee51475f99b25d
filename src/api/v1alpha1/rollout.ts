import { z } from 'zod';
import { Timestamp } from '../meta.ts';
import { RESTARTS_NOTHING, rules } from '../schema.ts';

/** How engines are replaced: by a new revision, by `restartAt`, or because a person or the operator asks for it. */
export const Rollout = z
  .object({
    strategy: z
      .enum(['SurgeFirst', 'DrainFirst'])
      .default('SurgeFirst')
      .describe(
        `SurgeFirst: the new engine is ready before the old one is drained; needs a free accelerator for a while, and goes on as DrainFirst when there is none and maxUnavailable allows it. DrainFirst: the old one goes first. Default: SurgeFirst. ${RESTARTS_NOTHING}`,
      ),
    maxConcurrent: z
      .int()
      .min(1)
      .max(1000)
      .exactOptional()
      .describe(
        `Most engines that are replaced at a time by a roll-out or by restartAt. Default: 10 % of the fleet, at least 1. ${RESTARTS_NOTHING}`,
      ),
    maxUnavailable: z
      .int()
      .min(0)
      .max(1000)
      .default(1)
      .describe(
        `Most engines that may be missing while others are replaced without a surge (DrainFirst, or no free accelerator). 0: never; then RestartBlocked says so. Default: 1. ${RESTARTS_NOTHING}`,
      ),
    allowDowntime: z
      .boolean()
      .default(false)
      .describe(
        `True lets the only engine of a fleet go before the new one is there, when there is no room for both. Default: false. ${RESTARTS_NOTHING}`,
      ),
    surgeTimeoutSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(120)
      .describe(
        `Seconds that the new engine may find no node (or be refused by a quota) before there counts as being no room. Raise it where a node autoscaler needs longer. Default: 120. ${RESTARTS_NOTHING}`,
      ),
    paused: z
      .boolean()
      .default(false)
      .describe(
        `True holds the roll-out where it is; the size is still kept. Default: false. ${RESTARTS_NOTHING}`,
      ),
    restartAt: Timestamp.exactOptional().describe(
      'Replaces every engine that was created before this time (RFC 3339), once the time has come. Default: none. Changing it restarts engines, one after the other.',
    ),
    rollbackTo: z
      .string()
      .regex(/^[0-9a-z]+$/)
      .max(16)
      .exactOptional()
      .describe(
        'Revision to serve whatever the rest of the spec says, while it is set; one of the label vllm.warden.dev/revision of the ReplicaSets. Default: none. Changing it rolls the fleet.',
      ),
    autoRollback: z
      .boolean()
      .default(false)
      .describe(
        `True goes back to the revision before when a roll-out is stopped; else it waits for a person. Default: false. ${RESTARTS_NOTHING}`,
      ),
    revisionHistoryLimit: z
      .int()
      .min(0)
      .max(10)
      .default(3)
      .describe(`Revisions without engines that are kept to go back to. Default: 3. ${RESTARTS_NOTHING}`),
  })
  .meta(
    rules({
      rule: '!has(self.allowDowntime) || !self.allowDowntime || !has(self.maxUnavailable) || self.maxUnavailable > 0',
      message:
        'allowDowntime has no effect while maxUnavailable is 0: raise maxUnavailable, or remove allowDowntime',
    }),
  );
