import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import type { SignatureName } from '../api/v1alpha1/remediation.ts';
import type { Disruption } from '../api/v1alpha1/status.ts';
import type { SickEngines } from '../disruption/sick.ts';
import type { EngineSnapshot } from '../snapshot/engine-snapshot.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';

/** An engine that is to be replaced by another one of its revision. */
export interface ReplaceNeed {
  readonly engine: EngineSnapshot;
  readonly cause: Extract<Disruption['cause'], 'Dead' | 'Requested' | 'Sick' | 'Leak' | 'Restart'>;
  readonly signature?: SignatureName;
  readonly message: string;
}

/** The most urgent first. */
const ORDER: readonly ReplaceNeed['cause'][] = ['Dead', 'Requested', 'Sick', 'Leak', 'Restart'];

/** The engines that are to be replaced, the most urgent first; those that were taken out for it already aside. */
export function replaceNeeds(
  snapshot: FleetSnapshot,
  sick: SickEngines,
  nowMs: number,
): readonly ReplaceNeed[] {
  const { fleet, engines } = snapshot;
  const named = fleet.metadata.annotations?.[ANNOTATIONS.replace];
  const { restartAt } = fleet.spec.rollout;
  const restartMs = restartAt === undefined ? undefined : Date.parse(restartAt);
  const isDue = restartMs !== undefined && restartMs <= nowMs;
  return engines
    .filter(({ lifecycle, isMember }) => isMember && lifecycle !== 'Terminating')
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs || a.name.localeCompare(b.name))
    .flatMap((engine): ReplaceNeed[] => {
      const seen = sick.get(engine.uid);
      if (seen?.cause === 'Dead') return [{ engine, ...seen, cause: seen.cause }];
      if (engine.name === named) {
        const message = `the annotation ${ANNOTATIONS.replace} asks for it`;
        return [{ engine, cause: 'Requested', message }];
      }
      if (seen !== undefined && seen.cause !== 'Suspected') return [{ engine, ...seen, cause: seen.cause }];
      // Creation times are whole seconds: one made in the very second of restartAt is not older.
      if (!isDue || engine.createdAtMs >= Math.floor(restartMs / 1000) * 1000) return [];
      return [{ engine, cause: 'Restart', message: `it is older than rollout.restartAt, ${restartAt}` }];
    })
    .toSorted((a, b) => ORDER.indexOf(a.cause) - ORDER.indexOf(b.cause));
}
