import type { RequestState } from './request.ts';

/** Which LoRA adapters one batch has, and may have. */
export interface BatchAdapters {
  readonly hasPlaceFor: (state: RequestState) => boolean;
  readonly add: (state: RequestState) => void;
}

export const ANY_ADAPTERS: BatchAdapters = { hasPlaceFor: () => true, add: () => undefined };

/** At most `maxLoras` adapters at a time (`--max-loras`); requests for one that is in the batch may always join. */
export function batchAdapters(batch: readonly RequestState[], maxLoras: number): BatchAdapters {
  const names = new Set<string>();
  const add = ({ request: { adapter } }: RequestState): void => {
    if (adapter !== undefined) names.add(adapter);
  };
  batch.forEach(add);
  return {
    add,
    hasPlaceFor: ({ request: { adapter } }) =>
      adapter === undefined || names.has(adapter) || names.size < maxLoras,
  };
}
