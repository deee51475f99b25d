import { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import { API_VERSION, KIND, PLURAL } from '../../src/api/v1alpha1/constants.ts';
import { eventually } from '../../playground/eventually.ts';
import type { Playground } from '../../playground/playground.ts';
import { applyManifest } from '../../playground/warden/install.ts';

export const MODEL = 'Qwen/Qwen3-0.6B';

/** Engines at a quarter of their speed: streams of seconds cost few chunks, and two cores carry many of them. */
export const SIM_FLAGS: readonly string[] = ['--sim-startup-seconds', '1', '--sim-speed', '0.25'];

export const OLD_IMAGE = 'vllm-warden/simulator:v0.32.0';
export const NEW_IMAGE = 'vllm-warden/simulator:v0.33.0';

/** The default of `drain.settleSeconds`. */
const SETTLE_SECONDS = 10;
/** Several times the longest stream. */
export const DRAIN_TIMEOUT_SECONDS = 20;

/** Label of the nodes that a fleet's engines may run on, so that an act on a node concerns one fleet. */
export const NODE_POOL = 'example.com/pool';

const SETTLE_TIMEOUT_MS = 300_000;

export interface DrainedFleet {
  readonly name: string;
  readonly engines: number;
  /** Value of `NODE_POOL`. */
  readonly pool: string;
}

/** A fleet whose size is only what the spec says, with the default settle time. */
export async function applyDrainedFleet(playground: Playground, fleet: DrainedFleet): Promise<void> {
  const manifest = {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: fleet.name },
    spec: {
      model: { name: MODEL },
      engine: { image: OLD_IMAGE, metrics: { intervalSeconds: 1 } },
      resources: { limits: { 'nvidia.com/gpu': '1' } },
      template: { nodeSelector: { [NODE_POOL]: fleet.pool } },
      scaling: { ...exactly(fleet.engines), behavior: AT_ONCE },
      drain: { settleSeconds: SETTLE_SECONDS, timeoutSeconds: DRAIN_TIMEOUT_SECONDS },
      remediation: { maxPerHour: 10 },
      // Slowed-down engines are too slow for a chat, which is not the point here.
      latency: { ttftMilliseconds: 60_000, interTokenMilliseconds: 5000, totalMilliseconds: 600_000 },
    },
  };
  await applyManifest(playground, JSON.stringify(manifest));
}

const AT_ONCE = {
  scaleDown: {
    stabilizationWindowSeconds: 1,
    policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }],
  },
};

/** Bounds that leave no choice. */
function exactly(engines: number): { minReplicas: number; maxReplicas: number } {
  return { minReplicas: engines, maxReplicas: engines };
}

export function resize(playground: Playground, fleet: string, engines: number): Promise<void> {
  return patchFleet(playground, fleet, { spec: { scaling: exactly(engines) } });
}

/** Merges into the fleet, as `kubectl patch` does. */
export async function patchFleet(playground: Playground, fleet: string, patch: object): Promise<void> {
  await playground.call(VLLMDeployment, 'PATCH', pathOf(fleet), patch, 'application/merge-patch+json');
}

export function readFleet(playground: Playground, fleet: string): Promise<VLLMDeployment> {
  return playground.call(VLLMDeployment, 'GET', pathOf(fleet));
}

/** Waits until so many engines are ready, nothing is claimed, and the status is of the spec as it is now. */
export function settled(
  playground: Playground,
  fleet: string,
  engines: number,
  timeoutMs = SETTLE_TIMEOUT_MS,
): Promise<void> {
  return eventually(async () => {
    const { metadata, status } = await readFleet(playground, fleet);
    const { summary, disruptions = [] } = status ?? {};
    const isSettled =
      status?.observedGeneration === metadata.generation &&
      summary?.ready === `${engines}/${engines}` &&
      summary.state === 'Ready' &&
      disruptions.length === 0;
    if (!isSettled) throw new Error(`${fleet} has not settled at ${engines} engines: ${toldBy(status)}`);
  }, timeoutMs);
}

/** What a status says about why a fleet is as it is, for the message of an error. */
export function toldBy(status: VLLMDeployment['status']): string {
  const { summary, disruptions, disruptionHistory, why } = status ?? {};
  return JSON.stringify({ summary, disruptions, disruptionHistory, why });
}

function pathOf(fleet: string): string {
  return `/apis/${API_VERSION}/namespaces/default/${PLURAL}/${fleet}`;
}
