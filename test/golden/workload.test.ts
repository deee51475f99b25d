import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseVLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { buildPodDisruptionBudget } from '../../src/workload/pod-disruption-budget.ts';
import { buildReplicaSet } from '../../src/workload/replica-set.ts';
import { revisionOf } from '../../src/workload/revision.ts';
import { buildService } from '../../src/workload/service.ts';

/** The children of a fleet as YAML documents, as the operator would create them. */
async function childrenOf(path: string): Promise<string> {
  const resource: Record<string, unknown> = parse(await readFile(new URL(path, import.meta.url), 'utf8'));
  const metadata = { namespace: 'models', uid: 'fleet-uid', resourceVersion: '1', ...Object(resource['metadata']) };
  const parsed = parseVLLMDeployment({ ...resource, metadata });
  if (!parsed.ok) throw new Error(parsed.issues.join('\n'));
  const replicaSet = buildReplicaSet(parsed.value, revisionOf(parsed.value.spec), 2);
  if (!replicaSet.ok) throw new Error(replicaSet.message);
  const children = [replicaSet.value, buildService(parsed.value), buildPodDisruptionBudget(parsed.value)];
  return children.map((child) => stringify(child, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}

// A revision in these files that changes means that upgrading the operator would restart such fleets.
test.each([
  ['the minimal resource', '../../examples/minimal.yaml', 'minimal.yaml'],
  ['a chat model for production', '../../examples/chat-8b.yaml', 'chat-8b.yaml'],
  ['a resource that sets every field that shapes a pod', 'workload/full.input.yaml', 'full.yaml'],
])('the children of %s', async (_, path, golden) => {
  await expect(await childrenOf(path)).toMatchFileSnapshot(`workload/${golden}`);
});
