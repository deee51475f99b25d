import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ApiResponse } from '../../playground/control-plane/api-client.ts';
import { startPlayground, type Playground } from '../../playground/playground.ts';
import { parseVLLMDeployment, type VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { vllmDeploymentCrd } from '../../src/api/v1alpha1/vllm-deployment-crd.ts';
import { buildPodDisruptionBudget } from '../../src/workload/pod-disruption-budget.ts';
import { buildReplicaSet } from '../../src/workload/replica-set.ts';
import { revisionOf } from '../../src/workload/revision.ts';
import { buildService } from '../../src/workload/service.ts';
import { applyCrds, kubectl, repositoryPath } from './crds.ts';

const FLEETS = '/apis/vllm.warden.dev/v1alpha1/namespaces/default/vllmdeployments';
const APPLY = 'application/apply-patch+yaml';

let pg: Playground;

beforeAll(async () => {
  pg = await startPlayground();
  await applyCrds(pg);
  await kubectl(pg, 'create', '-f', repositoryPath('examples/minimal.yaml'));
});

afterAll(async () => {
  await pg.stop();
});

describe('the CRD', () => {
  test('is accepted as structural, with its names', async () => {
    const crd = z.object({
      status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
    });
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/vllmdeployments.vllm.warden.dev';
    const { conditions } = (await pg.call(crd, 'GET', path)).status;
    const byType = Object.fromEntries(conditions.map(({ type, status }) => [type, status]));
    expect(byType).toEqual({ NamesAccepted: 'True', Established: 'True' });
  });

  test('is explained at every level', async () => {
    const levels = objectPaths(openApiSchema(), 'vllm');
    expect(levels).toContain('vllm.spec.scaling.behavior.scaleUp.policies');
    const poor: string[] = [];
    for (const level of levels) {
      const text = await kubectl(pg, 'explain', level);
      if (!/DESCRIPTION:\n {4}[A-Z]/.test(text) || /<empty>|<no description>/.test(text)) poor.push(level);
    }
    expect(poor).toEqual([]);
  });
});

describe('the minimal resource', () => {
  test('is filled with the defaults that the operator knows', async () => {
    const { body } = await pg.request('GET', `${FLEETS}/chat`);
    const stored = parseVLLMDeployment(body);
    if (!stored.ok) throw new Error(stored.issues.join('; '));
    expect(stored.value.spec).toEqual((await exampleFleet('examples/minimal.yaml')).spec);
    expect(body).toHaveProperty('spec.engine.metrics', { path: '/metrics', intervalSeconds: 5 });
    expect(body).toHaveProperty('spec.scaling.targets', { queueDepth: 5, kvCacheUsage: 0.8 });
    expect(body).not.toHaveProperty('spec.template');
    expect(body).not.toHaveProperty('spec.replicas');
  });

  test.each(['vllm', 'vllmdeployment', 'vllmdeployments', 'warden'])('is found as %s', async (name) => {
    expect(await kubectl(pg, 'get', name, '-o', 'name')).toBe('vllmdeployment.vllm.warden.dev/chat\n');
  });

  test('shows its summary in columns', async () => {
    const status = {
      rollout: {
        to: 'm674pt94',
        progress: '2/3 on revision m674pt94',
        phase: 'Progressing',
        reason: 'Progressing',
        message: 'x',
      },
      summary: {
        ready: '2/3',
        desired: '3',
        waiting: '41',
        kv: '63%',
        state: 'Scaling',
        running: '96',
        revision: 'm674pt94',
      },
      scaling: { decidedAt: '2026-03-02T10:00:00Z', reason: 'QueueDepth', message: 'x' },
    };
    const applied = {
      apiVersion: 'vllm.warden.dev/v1alpha1',
      kind: 'VLLMDeployment',
      metadata: { name: 'chat' },
      status,
    };
    const path = `${FLEETS}/chat/status?fieldManager=vllm-warden-status&fieldValidation=Strict`;
    expect(await pg.request('PATCH', path, applied, APPLY)).toMatchObject({ status: 200 });
    expect(cells(await kubectl(pg, 'get', 'vllm', 'chat'))).toEqual([
      ['NAME', 'READY', 'DESIRED', 'WAITING', 'KV', 'STATE', 'AGE'],
      ['chat', '2/3', '3', '41', '63%', 'Scaling', expect.any(String)],
    ]);
    const [header, row] = cells(await kubectl(pg, 'get', 'vllm', 'chat', '-o', 'wide'));
    expect(header?.slice(7)).toEqual(['RUNNING', 'REVISION', 'ROLLOUT', 'IMAGE', 'MODEL', 'REASON']);
    expect(row?.slice(7)).toEqual([
      '96',
      'm674pt94',
      '2/3 on revision m674pt94',
      'vllm/vllm-openai:v0.30.0',
      'Qwen/Qwen3-0.6B',
      'QueueDepth',
    ]);
  });

  test('is sized through the scale subresource, which tells the size and the selector', async () => {
    await kubectl(pg, 'scale', 'vllm', 'chat', '--replicas=5');
    const status = { replicas: 4, selector: 'vllm.warden.dev/fleet=chat' };
    const patch = 'application/merge-patch+json';
    expect(await pg.request('PATCH', `${FLEETS}/chat/status`, { status }, patch)).toMatchObject({
      status: 200,
    });
    const { body } = await pg.request('GET', `${FLEETS}/chat/scale`);
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 5 }, status });
  });
});

describe('the children', () => {
  test.each(['examples/minimal.yaml', 'examples/chat-8b.yaml', 'test/golden/workload/full.input.yaml'])(
    'of %s hold no field that Kubernetes does not know, and no value it refuses',
    async (path) => {
      const fleet = await exampleFleet(path);
      const replicaSet = buildReplicaSet(fleet, revisionOf(fleet.spec), 1);
      if (!replicaSet.ok) throw new Error(replicaSet.message);
      const answers = [
        await dryRun('/apis/apps/v1/namespaces/default/replicasets', replicaSet.value),
        await dryRun('/api/v1/namespaces/default/services', buildService(fleet)),
        await dryRun(
          '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
          buildPodDisruptionBudget(fleet),
        ),
      ];
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    },
  );

  test('of every example come from a resource that the CRD accepts', async () => {
    const created = await kubectl(pg, 'apply', '--dry-run=server', '-f', repositoryPath('examples'));
    for (const name of ['chat-8b', 'code-assistant']) {
      expect(created).toContain(`vllmdeployment.vllm.warden.dev/${name} created`);
    }
  });

  test('become pods', async () => {
    const fleet = await exampleFleet('examples/minimal.yaml');
    const replicaSet = buildReplicaSet(fleet, revisionOf(fleet.spec), 2);
    if (!replicaSet.ok) throw new Error(replicaSet.message);
    // Without an owner that exists, the garbage collector would take the ReplicaSet away.
    const { ownerReferences: _, ...metadata } = replicaSet.value.metadata;
    const collection = '/apis/apps/v1/namespaces/default/replicasets';
    expect(await pg.request('POST', collection, { ...replicaSet.value, metadata })).toMatchObject({
      status: 201,
    });
    await kubectl(pg, 'wait', `rs/${metadata.name}`, '--for=jsonpath={.status.replicas}=2', '--timeout=30s');
    const pods = await kubectl(
      pg,
      'get',
      'pods',
      '-l',
      'vllm.warden.dev/fleet=chat,vllm.warden.dev/serving=true',
      '-o',
      'name',
    );
    expect(pods.trim().split('\n')).toHaveLength(2);
  });
});

/** The fleet of an example, as the operator sees it. */
async function exampleFleet(path: string): Promise<VLLMDeployment> {
  const resource: Record<string, unknown> = parse(await readFile(repositoryPath(path), 'utf8'));
  const metadata = {
    namespace: 'default',
    uid: 'fleet-uid',
    resourceVersion: '1',
    ...Object(resource['metadata']),
  };
  const parsed = parseVLLMDeployment({ ...resource, metadata });
  if (!parsed.ok) throw new Error(parsed.issues.join('; '));
  return parsed.value;
}

/** What the API server would answer if the child were applied, fields that it does not know refused. */
function dryRun(
  collection: string,
  child: { readonly metadata: { readonly name: string } },
): Promise<ApiResponse> {
  const path = `${collection}/${child.metadata.name}?dryRun=All&fieldManager=vllm-warden&force=true&fieldValidation=Strict`;
  return pg.request('PATCH', path, child, APPLY);
}

function cells(table: string): readonly (readonly string[])[] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split(/\s{2,}/).map((cell) => cell.trim()));
}

const schemaNode = z.looseObject({
  get properties() {
    return z.record(z.string(), schemaNode).optional();
  },
  get items() {
    return schemaNode.optional();
  },
});
type SchemaNode = z.infer<typeof schemaNode>;

function openApiSchema(): SchemaNode {
  const crd = z.object({
    spec: z.object({ versions: z.array(z.object({ schema: z.object({ openAPIV3Schema: schemaNode }) })) }),
  });
  const [version] = crd.parse(vllmDeploymentCrd()).spec.versions;
  if (version === undefined) throw new Error('the CRD has no version');
  return version.schema.openAPIV3Schema;
}

/** The paths that `kubectl explain` can be asked for and that have fields below them. */
function objectPaths(schema: SchemaNode, path: string): readonly string[] {
  const fields = Object.entries(schema.properties ?? schema.items?.properties ?? {});
  if (fields.length === 0) return [];
  const below = fields.filter(([name]) => name !== 'metadata');
  return [path, ...below.flatMap(([name, child]) => objectPaths(child, `${path}.${name}`))];
}
