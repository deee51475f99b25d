import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { API_VERSION, PLURAL } from '../../src/api/v1alpha1/constants.ts';
import type { Playground } from '../playground.ts';

const CRD = new URL('../../crds/vllmdeployments.vllm.warden.dev.yaml', import.meta.url);
const RULES = new URL('../../charts/vllm-warden/files/operator-rules.yaml', import.meta.url);
const NAMESPACE_RULES = new URL(
  '../../charts/vllm-warden/files/operator-namespace-rules.yaml',
  import.meta.url,
);

/** The namespace that the operator keeps its lease and the histories of fleets in. */
export const OPERATOR_NAMESPACE = 'vllm-warden-system';

const FLEETS = `/apis/${API_VERSION}/${PLURAL}`;
const SERVED_TIMEOUT_MS = 30_000;
const SERVED_POLL_MS = 50;

const PolicyRules = z.array(
  z.object({ apiGroups: z.array(z.string()), resources: z.array(z.string()), verbs: z.array(z.string()) }),
);

/** Installs what the chart installs but the operator itself: the CRD, the namespace, the operator's rights. */
export async function installWarden(playground: Playground): Promise<void> {
  await playground.bindOperator(await readRules(RULES));
  await expectKubectl(playground, ['apply', '-f', CRD.pathname]);
  await expectKubectl(playground, ['create', 'namespace', OPERATOR_NAMESPACE]);
  await playground.bindOperatorIn(OPERATOR_NAMESPACE, await readRules(NAMESPACE_RULES));
  await fleetsServed(playground);
}

async function readRules(file: URL): Promise<z.output<typeof PolicyRules>> {
  return PolicyRules.parse(parse(await readFile(file, 'utf8')));
}

/** Waits for a CRD just applied: `kubectl wait` fails while it has no conditions, so the new API itself is asked. */
export async function fleetsServed(playground: Playground): Promise<void> {
  const deadline = Date.now() + SERVED_TIMEOUT_MS;
  while ((await playground.request('GET', FLEETS)).status !== 200) {
    if (Date.now() > deadline)
      throw new Error(`${FLEETS} was not served within ${SERVED_TIMEOUT_MS / 1000} s`);
    await sleep(SERVED_POLL_MS);
  }
}

/** Applies a manifest with kubectl. @throws Error with kubectl's words when it is refused */
export async function applyManifest(playground: Playground, manifest: string): Promise<void> {
  await expectKubectl(playground, ['apply', '-f', '-'], manifest);
}

/** What kubectl prints. @throws Error with its words when it fails */
export async function expectKubectl(
  playground: Playground,
  args: readonly string[],
  stdin?: string,
): Promise<string> {
  const result = await playground.kubectl(args, stdin === undefined ? {} : { stdin });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}
