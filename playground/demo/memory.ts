import { z } from 'zod';
import { POD_METRICS_PATH } from '../node/pod-metrics.ts';
import type { Playground } from '../playground.ts';

const KIB = 1024;
const PodMetricsList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      containers: z.array(
        z.object({
          usage: z.object({
            memory: z.string().transform((text) => KIB * Number(text.replace(/Ki$/, ''))),
          }),
        }),
      ),
    }),
  ),
});

/** The working set of one engine, as `kubectl top pods` tells it. */
export interface EngineMemory {
  readonly engine: string;
  readonly bytes: number;
}

export async function readMemory(playground: Playground): Promise<readonly EngineMemory[]> {
  const path = `${POD_METRICS_PATH}/namespaces/default/pods`;
  const { items } = await playground.call(PodMetricsList, 'GET', path);
  return items
    .map(({ metadata, containers }) => ({
      engine: metadata.name,
      bytes: containers.reduce((sum, { usage }) => sum + usage.memory, 0),
    }))
    .toSorted((a, b) => a.engine.localeCompare(b.engine));
}
