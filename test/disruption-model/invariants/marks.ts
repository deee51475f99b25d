import { FIELD_MANAGERS } from '../../../src/api/v1alpha1/constants.ts';
import type { Disruption } from '../../../src/api/v1alpha1/status.ts';
import { RESOURCE_TYPES } from '../../../src/controllers/vllm-deployment/resource-types.ts';
import { OPERATOR_DELETES } from '../../virtual-cluster/kube-client.ts';
import { readPod, type VirtualPod } from '../../virtual-cluster/kinds.ts';
import { isMarked, isSuspect, serves, sizeOf, type Invariant, type Judged } from '../judged.ts';

const OURS: ReadonlySet<string> = new Set([FIELD_MANAGERS.marks, OPERATOR_DELETES]);

/** The pod before and after, if this is a write of the operator on an engine. */
function ownWrite({
  type,
  change,
}: Judged): { before: VirtualPod; after: VirtualPod | undefined } | undefined {
  if (type.plural !== RESOURCE_TYPES.pod.plural || !OURS.has(change.by)) return undefined;
  if (change.previous === undefined) return undefined;
  const after = change.type === 'Deleted' ? undefined : readPod(change.object);
  return { before: readPod(change.previous), after };
}

/** DESIGN: "No mark without a claim." An engine that stands in is marked by the claim of the one that returns. */
export const markedOnlyByClaim: Invariant = (judged) => {
  const write = ownWrite(judged);
  if (write?.after === undefined) return undefined;
  const isMark = !isMarked(write.before) && isMarked(write.after);
  if (!isMark && (isSuspect(write.before) || !isSuspect(write.after))) return undefined;
  const { uid, name } = write.before.metadata;
  const isClaimed = [...judged.claims, ...judged.ledger.emptied].some(
    ({ victimUID, step }) => victimUID === uid || step === 'Returning',
  );
  return isClaimed ? undefined : `${name} was marked, and no claim stands behind it`;
};

/**
 * DESIGN: the serving floor. An engine that serves is taken out of the Service, or deleted, only while enough others
 * serve. Of what others did the operator may not know yet: what was lost by their hand and stands in its caches counts.
 */
export const servingFloor: Invariant = (judged) => {
  const write = ownWrite(judged);
  if (write === undefined || !serves(write.before)) return undefined;
  if (write.after !== undefined && serves(write.after)) return undefined;
  const { uid, name } = write.before.metadata;
  const claim = judged.claims.find(({ victimUID }) => victimUID === uid);
  // An engine that is dead serves nobody, whatever its label says.
  if (claim === undefined || claim.cause === 'Dead') return undefined;
  const floor = floorOf(claim, judged);
  const others = countedServing(judged, uid);
  return others >= floor
    ? undefined
    : `${name} left the Service, ${others} others serve, ${floor} are needed`;
};

/** A fleet that gets smaller has its size left, or fewer while engines go before those that replace them. */
function floorOf({ cause, strategy }: Disruption, { fleet, view, claims }: Judged): number {
  const { maxUnavailable, allowDowntime } = fleet.spec.rollout;
  if (cause === 'Suspected') return Math.max(1, sizeOf(fleet.spec) - maxUnavailable);
  const goFirst = [fleet.spec.rollout, ...claims].some((one) => one.strategy === 'DrainFirst');
  const size = Math.min(sizeOf(fleet.spec), view?.fleet === undefined ? Infinity : sizeOf(view.fleet.spec));
  if (cause === 'ScaleDown' ? !goFirst : strategy !== 'DrainFirst') return size;
  return size === 1 && allowDowntime ? 0 : Math.max(1, size - maxUnavailable);
}

function countedServing({ world, view, ledger }: Judged, except: string): number {
  const serving = new Set(world.pods.filter(serves).map(({ metadata }) => metadata.uid));
  const marked = new Set(world.pods.filter(isMarked).map(({ metadata }) => metadata.uid));
  for (const uid of view?.serving ?? []) {
    if (!ledger.removed.has(uid) && !marked.has(uid)) serving.add(uid);
  }
  serving.delete(except);
  return serving.size;
}
