import { z } from 'zod';
import { atomicList, RESTARTS_NOTHING, rules, ruleWithValues } from '../schema.ts';
import { ScalingSchedule } from './schedule.ts';

export const ScalingPolicy = z.object({
  type: z
    .enum(['Pods', 'Percent'])
    .describe(`Whether value counts engines (Pods) or per cent of the fleet (Percent). ${RESTARTS_NOTHING}`),
  value: z
    .int()
    .min(1)
    .max(10_000)
    .describe(`Most engines, or per cent, by which the size may change within a period. ${RESTARTS_NOTHING}`),
  periodSeconds: z
    .int()
    .min(1)
    .max(1800)
    .describe(`Length of the period in seconds, 1 to 1800. ${RESTARTS_NOTHING}`),
});

const StabilizationWindow = z.int().min(0).max(3600);
const SelectPolicy = z
  .enum(['Max', 'Min', 'Disabled'])
  .default('Max')
  .describe(
    `Which policy counts: the one that allows most (Max) or least (Min); Disabled stops this direction. Default: Max. ${RESTARTS_NOTHING}`,
  );
const Policies = z.array(ScalingPolicy).min(1).max(8).meta(atomicList);

/**
 * The words are those of autoscaling/v2 (k8s.io/api/autoscaling/v2/types.go), and so are the defaults but one: an
 * engine takes minutes to come back, so a fleet shrinks slowly.
 */
export const ScaleUpRules = z.object({
  stabilizationWindowSeconds: StabilizationWindow.default(0).describe(
    `Seconds over which the smallest wish counts before the fleet grows. Default: 0. ${RESTARTS_NOTHING}`,
  ),
  selectPolicy: SelectPolicy,
  policies: Policies.default([
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ]).describe(`How fast the fleet may grow. Default: 4 engines or 100 % in 15 s. ${RESTARTS_NOTHING}`),
});

export const ScaleDownRules = z.object({
  stabilizationWindowSeconds: StabilizationWindow.default(300).describe(
    `Seconds over which the largest wish counts before the fleet shrinks. Default: 300. ${RESTARTS_NOTHING}`,
  ),
  selectPolicy: SelectPolicy,
  policies: Policies.default([{ type: 'Percent', value: 10, periodSeconds: 60 }]).describe(
    `How fast the fleet may shrink; at least one engine may always go. Default: 10 % in 60 s. ${RESTARTS_NOTHING}`,
  ),
});

export const ScalingBehavior = z.object({
  scaleUp: ScaleUpRules.prefault({}).describe(`How the fleet grows. ${RESTARTS_NOTHING}`),
  scaleDown: ScaleDownRules.prefault({}).describe(`How the fleet shrinks. ${RESTARTS_NOTHING}`),
});

export const ScalingTargets = z.object({
  queueDepth: z
    .number()
    .gt(0)
    .max(100_000)
    .default(5)
    .describe(`Waiting requests per engine above which the fleet grows. Default: 5. ${RESTARTS_NOTHING}`),
  kvCacheUsage: z
    .number()
    .gt(0)
    .max(1)
    .default(0.8)
    .describe(
      `Used part of the KV cache, above 0 up to 1, above which the fleet grows. Default: 0.8. ${RESTARTS_NOTHING}`,
    ),
});

export const Scaling = z
  .object({
    minReplicas: z
      .int()
      .min(1)
      .max(10_000)
      .default(1)
      .describe(`Fewest engines, at least 1. Default: 1. ${RESTARTS_NOTHING}`),
    maxReplicas: z
      .int()
      .min(1)
      .max(10_000)
      .describe(`Most engines, without those that stand in while another is replaced. ${RESTARTS_NOTHING}`),
    mode: z
      .enum(['Auto', 'Advisory', 'Paused'])
      .default('Auto')
      .describe(
        `Auto: the operator sizes the fleet. Advisory: it only says what it would do. Paused: the size stays as it is. Default: Auto. ${RESTARTS_NOTHING}`,
      ),
    manualHoldMinutes: z
      .int()
      .min(0)
      .max(10_080)
      .default(60)
      .describe(
        `Minutes for which a size set by hand (kubectl scale) is held as the least size after its last change. Default: 60. ${RESTARTS_NOTHING}`,
      ),
    targets: ScalingTargets.prefault({}).describe(
      `Load per engine that the fleet is sized for. ${RESTARTS_NOTHING}`,
    ),
    behavior: ScalingBehavior.prefault({}).describe(
      `How fast the size may change, in the words of HorizontalPodAutoscaler autoscaling/v2. ${RESTARTS_NOTHING}`,
    ),
    schedules: z
      .array(ScalingSchedule)
      .max(16)
      .meta(atomicList)
      .default([])
      .describe(
        `Other bounds at other times: each schedule takes over when its cron matches and holds until another of the list does, so two make day and night. Of two at the same minute the later in the list holds. Default: none. ${RESTARTS_NOTHING}`,
      ),
  })
  .meta(
    rules(
      ruleWithValues(
        'self.minReplicas <= self.maxReplicas',
        'minReplicas (%d) is above maxReplicas (%d): lower minReplicas or raise maxReplicas',
        'self.minReplicas',
        'self.maxReplicas',
      ),
    ),
  );
