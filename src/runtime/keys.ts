/** Namespace and name of an object; the only thing that a work queue holds. */
export interface ReconcileRequest {
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name`, or `name` alone for a cluster-scoped object: the key of stores and queues. */
export function keyOf(object: { readonly namespace: string | undefined; readonly name: string }): string {
  return object.namespace === undefined || object.namespace === ''
    ? object.name
    : `${object.namespace}/${object.name}`;
}

/** The inverse of {@link keyOf}. */
export function parseKey(key: string): ReconcileRequest {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
