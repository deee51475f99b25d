import { z } from 'zod';
import { atomicList } from '../schema.ts';

export const ScalingPolicy = z.object({
  type: z.enum(['Pods', 'Percent']),
  value: z.int().min(1).max(10_000),
  periodSeconds: z.int().min(1).max(1800),
});

const SelectPolicy = z.enum(['Max', 'Min', 'Disabled']);
const StabilizationWindow = z.int().min(0).max(3600);
const Policies = z.array(ScalingPolicy).min(1).max(8).meta(atomicList);

/** The defaults of both directions are those of autoscaling/v2 (k8s.io/api/autoscaling/v2/types.go). */
export const ScaleUpRules = z.object({
  stabilizationWindowSeconds: StabilizationWindow.default(0),
  selectPolicy: SelectPolicy.default('Max'),
  policies: Policies.default([
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ]),
});

export const ScaleDownRules = z.object({
  stabilizationWindowSeconds: StabilizationWindow.default(300),
  selectPolicy: SelectPolicy.default('Max'),
  policies: Policies.default([{ type: 'Percent', value: 100, periodSeconds: 15 }]),
});

export const ScalingBehavior = z.object({
  scaleUp: ScaleUpRules.prefault({}),
  scaleDown: ScaleDownRules.prefault({}),
});

export const ScalingTargets = z.object({
  queueDepth: z.number().gt(0).max(100_000).default(5),
  kvCacheUsage: z.number().gt(0).max(1).default(0.8),
});

export const Scaling = z.object({
  minReplicas: z.int().min(1).max(10_000).default(1),
  maxReplicas: z.int().min(1).max(10_000),
  mode: z.enum(['Auto', 'Advisory', 'Paused']).default('Auto'),
  manualHoldMinutes: z.int().min(0).max(10_080).default(60),
  targets: ScalingTargets.prefault({}),
  behavior: ScalingBehavior.prefault({}),
});
