import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';

/** An engine that is to be replaced by another one of its revision. */
export interface ReplaceNeed {
  readonly engine: EngineSnapshot;
  readonly cause: Extract<Disruption['cause'], 'Requested' | 'Restart'>;
  readonly message: string;
}

/** The engines that are to be replaced, the most urgent first; those that were taken out for it already aside. */
export function replaceNeeds(snapshot: FleetSnapshot, nowMs: number): readonly ReplaceNeed[] {
  const { fleet, engines } = snapshot;
  const named = fleet.metadata.annotations?.[ANNOTATIONS.replace];
  const { restartAt } = fleet.spec.rollout;
  const restartMs = restartAt === undefined ? undefined : Date.parse(restartAt);
  const isDue = restartMs !== undefined && restartMs <= nowMs;
  return engines
    .filter(({ lifecycle, isMember }) => isMember && lifecycle !== 'Terminating')
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs || a.name.localeCompare(b.name))
    .flatMap((engine): ReplaceNeed[] => {
      if (engine.name === named) {
        const message = `the annotation ${ANNOTATIONS.replace} asks for it`;
        return [{ engine, cause: 'Requested', message }];
      }
      // Creation times are whole seconds: one made in the very second of restartAt is not older.
      if (!isDue || engine.createdAtMs >= Math.floor(restartMs / 1000) * 1000) return [];
      return [{ engine, cause: 'Restart', message: `it is older than rollout.restartAt, ${restartAt}` }];
    })
    .toSorted((a, b) => Number(b.cause === 'Requested') - Number(a.cause === 'Requested'));
}
