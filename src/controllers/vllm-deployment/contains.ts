/**
 * Whether everything that `wanted` says stands in `found`: maps may hold more (the API server fills in
 * defaults), lists must be equally long and agree item by item. Tells whether an apply would change anything
 * without sending one.
 */
export function contains(found: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((item: unknown, index) => contains(found[index], item))
    );
  }
  if (isMap(wanted)) {
    return isMap(found) && Object.entries(wanted).every(([key, value]) => contains(found[key], value));
  }
  return found === wanted;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
