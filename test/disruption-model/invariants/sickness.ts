import { FIELD_MANAGERS } from '../../../src/api/v1alpha1/constants.ts';
import { isolationBudget } from '../../../src/disruption/floor.ts';
import { RESOURCE_TYPES } from '../../../src/controllers/vllm-deployment/resource-types.ts';
import { OPERATOR_DELETES } from '../../virtual-cluster/kube-client.ts';
import { sizeOf, type Invariant } from '../judged.ts';

/** An engine is deleted as dead only if its page stood still and it did not answer, as far as the process could know. */
export const onlyDeadDeleted: Invariant = ({ type, change, claims, view }) => {
  if (type.plural !== RESOURCE_TYPES.pod.plural || change.by !== OPERATOR_DELETES) return undefined;
  const { uid, name } = change.object.metadata;
  const claim = claims.find(({ victimUID }) => victimUID === uid);
  if (claim?.cause !== 'Dead') return undefined;
  if (view?.wedged.has(uid) !== true) return `${name} was deleted as dead, and it works`;
  return view.silent.has(uid) ? undefined : `${name} was deleted as dead, and was not asked for a token`;
};

/** One dead engine after the other, and a tenth of the fleet out of the Service on suspicion. */
export const oneDeadAtATime: Invariant = ({ type, change, claims, fleet, view }) => {
  if (type.plural !== RESOURCE_TYPES.fleet.plural || change.by !== FIELD_MANAGERS.claims) return undefined;
  const dead = claims.filter(({ cause }) => cause === 'Dead');
  if (dead.length > 1) return `${dead.map(({ engine }) => engine).join(' and ')} are replaced as dead`;
  const isolated = claims.filter(({ command }) => command === 'Isolate');
  const size = Math.max(sizeOf(fleet.spec), view?.fleet === undefined ? 1 : sizeOf(view.fleet.spec));
  return isolated.length > isolationBudget(size) ? `${isolated.length} engines are isolated` : undefined;
};
