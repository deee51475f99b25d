import { z } from 'zod';
import { USER_NAMES } from './credentials.ts';
import type { ApiClient } from './api-client.ts';

/** A rule of a ClusterRole, as in its YAML. */
export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const RBAC = 'rbac.authorization.k8s.io';

/** Gives a user the cluster-wide rights of an existing ClusterRole. */
export async function bindClusterRole(
  api: ApiClient,
  user: 'operator' | 'viewer',
  role: string,
): Promise<void> {
  const name = `playground-${user}`;
  await apply(api, 'clusterrolebindings', {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: RBAC, kind: 'User', name: USER_NAMES[user] }],
  });
}

/** Makes `rules`, and nothing else, what the operator's user may do. */
export async function bindOperatorRules(api: ApiClient, rules: readonly PolicyRule[]): Promise<void> {
  const name = 'playground-operator';
  await apply(api, 'clusterroles', {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name },
    rules,
  });
  await bindClusterRole(api, 'operator', name);
}

/** Gives the operator's user these rights beside, within one namespace. */
export async function bindOperatorRulesIn(
  api: ApiClient,
  namespace: string,
  rules: readonly PolicyRule[],
): Promise<void> {
  const name = 'playground-operator';
  await apply(api, `namespaces/${namespace}/roles`, {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: { name },
    rules,
  });
  await apply(api, `namespaces/${namespace}/rolebindings`, {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name },
    roleRef: { apiGroup: RBAC, kind: 'Role', name },
    subjects: [{ apiGroup: RBAC, kind: 'User', name: USER_NAMES.operator }],
  });
}

type RbacObject = { readonly metadata: { readonly name: string } } & Readonly<Record<string, unknown>>;

/** @param resource with its namespace: `namespaces/<name>/roles` */
async function apply(api: ApiClient, resource: string, object: RbacObject): Promise<void> {
  const path = `/apis/${RBAC}/v1/${resource}/${object.metadata.name}?fieldManager=playground&force=true`;
  await api.call(z.unknown(), 'PATCH', path, object, 'application/apply-patch+yaml');
}
