import type { Disruption } from '../api/v1alpha1/status.ts';
import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../api/v1alpha1/vllm-deployment.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { plural } from './text.ts';

/** Why an engine is taken away, as a clause. */
export function whyClaimed(
  { cause, revision, signature }: Disruption,
  { spec }: VLLMDeployment,
  { size, rollout }: Pick<FleetDecision, 'size' | 'rollout'>,
): string {
  switch (cause) {
    case 'ScaleDown':
      return `the fleet is to have ${plural(size.desired, 'engine')}`;
    case 'RollOut':
      return `revision ${revision} is replaced by ${rollout.target}`;
    case 'Restart':
      return `rollout.restartAt is ${spec.rollout.restartAt ?? 'not set any more'}`;
    case 'Requested':
      return `the annotation ${ANNOTATIONS.replace} asks for it`;
    case 'Recovered':
      return 'it was found outside its ReplicaSet and no claim said why, so its replacement is finished';
    case 'Suspected':
      return `it may be ${signature ?? 'sick'}`;
    case 'Dead':
    case 'Leak':
    case 'Sick':
      return `it shows ${signature ?? 'a signature that is not told'}`;
  }
}
