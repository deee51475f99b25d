import type { EndpointSliceProjection } from './projections.ts';

/**
 * UIDs of the pods that the slices name as ready: those that clients are sent to. `ready` without a value means true
 * (kubernetes, discovery/v1 EndpointConditions); a pod that terminates is never ready there.
 */
export function listedUids(slices: readonly EndpointSliceProjection[]): ReadonlySet<string> {
  return new Set(
    slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ conditions, targetRef }) =>
        conditions.ready === false ? [] : (targetRef?.uid ?? []),
      ),
    ),
  );
}

/** Whether a change of a slice is one of who is ready there: most others are of times and of conditions. */
export function changesListing(
  before: EndpointSliceProjection | undefined,
  now: EndpointSliceProjection | undefined,
): boolean {
  const were = listedUids(before === undefined ? [] : [before]);
  const are = listedUids(now === undefined ? [] : [now]);
  return were.size !== are.size || [...are].some((uid) => !were.has(uid));
}
