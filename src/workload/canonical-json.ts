import { isJsonObject } from '../api/json.ts';

/** JSON with sorted keys and without undefined members: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(',')}}`;
}

/**
 * `value` without what equals `defaults` at the same place; undefined when nothing is left. What has no
 * default is kept as it is, an empty object included (`emptyDir: {}` says something).
 */
export function withoutDefaults(value: unknown, defaults: unknown): unknown {
  if (defaults === undefined) return value;
  if (!isJsonObject(value) || !isJsonObject(defaults)) {
    return canonicalJson(value) === canonicalJson(defaults) ? undefined : value;
  }
  const kept = Object.entries(value)
    .map(([key, member]) => [key, withoutDefaults(member, defaults[key])] as const)
    .filter(([, member]) => member !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
