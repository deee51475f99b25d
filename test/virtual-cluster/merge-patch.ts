import { isJsonObject, type JsonObject } from '../../src/api/json.ts';

/** The object with a JSON merge patch applied (RFC 7386): null removes, lists are replaced whole. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const removed = new Set(Object.keys(patch).filter((key) => patch[key] === null));
  const kept = Object.entries(target).filter(([key]) => !removed.has(key));
  const set = Object.entries(patch).filter(([key]) => !removed.has(key));
  return {
    ...Object.fromEntries(kept),
    ...Object.fromEntries(set.map(([key, value]) => [key, merged(target[key], value)])),
  };
}

function merged(target: unknown, patch: unknown): unknown {
  return isJsonObject(patch) ? mergePatch(isJsonObject(target) ? target : {}, patch) : patch;
}
