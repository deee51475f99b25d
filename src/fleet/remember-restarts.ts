import type { Disruption } from '../api/v1alpha1/status.ts';
import { claimsOf } from '../disruption/claims.ts';
import { rememberRestart, type RestartRecord } from '../disruption/verification/restarts.ts';
import { foundLeak, type LeakWatch } from '../rules/leaks/watch.ts';
import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import { engineImage } from '../workload/engine-container.ts';

const FOR_A_SIGNATURE: ReadonlySet<Disruption['cause']> = new Set(['Dead', 'Leak', 'Sick']);

/** The restarts with those that are now beyond return: their engines are about to be deleted for what was seen of them. */
export function rememberRestarts(
  restarts: readonly RestartRecord[],
  snapshot: FleetSnapshot,
  leaks: LeakWatch,
): readonly RestartRecord[] {
  return claimsOf(snapshot)
    .filter(({ cause, step }) => FOR_A_SIGNATURE.has(cause) && step === 'Removing')
    .reduce((all, claim) => {
      const restart = restartOf(claim, snapshot, leaks);
      return restart === undefined ? all : rememberRestart(all, restart);
    }, restarts);
}

function restartOf(
  { victimUID, engine, revision, signature, claimedAt }: Disruption,
  { fleet, engines, engineVersion }: FleetSnapshot,
  leaks: LeakWatch,
): RestartRecord | undefined {
  if (signature === undefined) return undefined;
  const leak =
    signature === 'HostMemoryLeak' || signature === 'KVBlockLeak'
      ? foundLeak(leaks, victimUID, signature)
      : undefined;
  const readyAtMs = engines.find(({ uid }) => uid === victimUID)?.readyAtMs;
  return {
    atMs: Date.parse(claimedAt),
    engine,
    uid: victimUID,
    revision,
    signature,
    image: engineImage(fleet.spec.engine) ?? '',
    ...(engineVersion !== undefined && { version: engineVersion }),
    ...(leak !== undefined && { perHour: leak.perHour }),
    ...(leak?.perRequest !== undefined && { perRequest: leak.perRequest }),
    ...(leak !== undefined && readyAtMs !== undefined && { foundAfterMs: leak.firstMs - readyAtMs }),
    outcome: 'Pending',
  };
}
