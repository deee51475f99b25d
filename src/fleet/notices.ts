import { ANNOTATIONS } from '../api/v1alpha1/constants.ts';
import { pinnedArrivals } from '../disruption/pinned-clients.ts';
import type { DisruptionView } from '../disruption/steps.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { readOutcomes } from './outcomes.ts';
import { plural } from './text.ts';

/** Something that a person should hear once, though nothing of the fleet's state says it. */
export interface Notice {
  readonly reason: 'PinnedClients' | 'ReplaceRejected';
  readonly message: string;
  /** What it is about; told once for as long as it holds. */
  readonly subject: string;
}

/** All that holds now. */
export function notices(snapshot: FleetSnapshot, watches: DisruptionView['watches']): readonly Notice[] {
  return [...pinnedClients(snapshot, watches), ...rejectedReplace(snapshot)];
}

/** Clients that go on sending to an engine that has long left the Service: no drain of ours ends that. */
function pinnedClients({ engines }: FleetSnapshot, watches: DisruptionView['watches']): readonly Notice[] {
  return engines.flatMap((engine) => {
    const watch = watches.get(engine.uid);
    const count = watch === undefined ? undefined : pinnedArrivals(engine, watch.unlistedSinceMs);
    if (count === undefined) return [];
    const message = `${plural(count, 'request')} came to ${engine.name} more than 15 s after it left the Service: a client keeps its connection or its address; it is cut off when the drain time-out ends`;
    return [{ reason: 'PinnedClients', message, subject: engine.uid }];
  });
}

/** A person named an engine to be replaced that does not exist; one that was replaced is no mistake. */
function rejectedReplace({ fleet, engines }: FleetSnapshot): readonly Notice[] {
  const name = fleet.metadata.annotations?.[ANNOTATIONS.replace];
  if (name === undefined || engines.some((engine) => engine.name === name)) return [];
  if (readOutcomes(fleet.status?.disruptionHistory).some(({ engine }) => engine === name)) return [];
  const message = `the annotation ${ANNOTATIONS.replace} names ${name}, and the fleet has no such engine: see kubectl describe for their names`;
  return [{ reason: 'ReplaceRejected', message, subject: name }];
}
