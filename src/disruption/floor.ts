import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';

type Rollout = VLLMDeploymentSpec['rollout'];
export type Strategy = Rollout['strategy'];

/**
 * How many other engines must serve while one is taken away to be replaced. With a surge nothing is ever missing;
 * without, up to `maxUnavailable` are, but never the last engine, unless `allowDowntime` says that it may.
 */
export function servingFloor(
  desired: number,
  { maxUnavailable, allowDowntime }: Pick<Rollout, 'maxUnavailable' | 'allowDowntime'>,
  strategy: Strategy,
): number {
  if (strategy === 'SurgeFirst') return desired;
  if (allowDowntime && desired <= 1 && maxUnavailable > 0) return 0;
  return Math.min(desired, Math.max(1, desired - maxUnavailable));
}

/** How many others must serve while an engine is out of the Service on a suspicion: never is it the last one. */
export function isolationFloor(
  desired: number,
  rollout: Pick<Rollout, 'maxUnavailable' | 'allowDowntime'>,
): number {
  return Math.max(1, servingFloor(desired, rollout, 'DrainFirst'));
}

/** Most engines that may be out of the Service on a suspicion at a time. */
export function isolationBudget(desired: number): number {
  return Math.max(1, Math.floor(desired / 10));
}

/** That fewer others serve than must; `Read`: and tell their load. */
export function tooFewServe(others: number, floor: number, which: 'All' | 'Read' = 'All'): string {
  const serve = others === 1 ? 'engine serves' : 'engines serve';
  const read = others === 1 ? ' and is read' : ' and are read';
  return `${others} other ${serve}${which === 'Read' ? read : ''}, ${floor} ${floor === 1 ? 'is' : 'are'} needed`;
}

/** Whether a fleet of this size may ever give an engine away before another one is there. */
export function mayDrainFirst(
  desired: number,
  rollout: Pick<Rollout, 'maxUnavailable' | 'allowDowntime'>,
): boolean {
  return desired === 0 || servingFloor(desired, rollout, 'DrainFirst') < desired;
}

/** Why it may not, and what to change. */
export function whyNotDrainFirst(
  desired: number,
  { maxUnavailable }: Pick<Rollout, 'maxUnavailable'>,
): string {
  if (maxUnavailable === 0) return 'rollout.maxUnavailable is 0: raise it to let an engine go first';
  return `the fleet has ${desired} engine${desired === 1 ? '' : 's'}: set rollout.allowDowntime to let the last one go first`;
}

/** Most engines that a roll-out or a restart may have under way at a time. */
export function rolloutBudget(desired: number, { maxConcurrent }: Pick<Rollout, 'maxConcurrent'>): number {
  return maxConcurrent ?? Math.max(1, Math.floor(desired / 10));
}

/** Most ready engines that may be draining at a time because the fleet gets smaller. */
export function shrinkBudget(ordered: number): number {
  return Math.max(1, Math.floor(ordered / 10));
}
