/**
 * Order of two resourceVersions of one resource type. Kubernetes documents them as comparable
 * decimals of any length from 1.35 on (KEP-5504); every API server on etcd has always numbered them
 * so. Undefined when one is no decimal: then only equality means anything.
 */
export function compareResourceVersions(left: string, right: string): number | undefined {
  if (left === right) return 0;
  if (!DECIMAL.test(left) || !DECIMAL.test(right)) return undefined;
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : 1;
}

const DECIMAL = /^[1-9][0-9]*$/;
