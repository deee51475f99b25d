import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import { scheduleConflict } from '../../scaling/schedules.ts';
import type { FleetSnapshot } from '../../snapshot/fleet-snapshot.ts';
import type { Built } from '../../workload/objects.ts';

/** Why nothing can be done with a spec that the API server took, until a person mends it. */
export function whyStalled(fleet: VLLMDeployment, built: Built<unknown>): FleetSnapshot['stalled'] {
  if (!built.ok) return { reason: built.reason, message: built.message };
  const conflict = scheduleConflict(fleet.spec.scaling?.schedules ?? []);
  return conflict === undefined ? undefined : { reason: 'ScheduleInvalid', message: conflict };
}
