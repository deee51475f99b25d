import { z } from 'zod';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ResourceType } from '../../../src/kube/resource-type.ts';
import { systemClock } from '../../../src/kube/system-clock.ts';
import { Reflector } from '../../../src/runtime/reflector.ts';
import { silentLog, silentMetrics } from '../../../src/runtime/silent.ts';
import { Store } from '../../../src/runtime/store.ts';

export const CONFIG_MAP: ResourceType = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
};

export const ConfigMap = z.object({
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
  // A ConfigMap that the API takes and this schema does not: an immutable one.
  immutable: z.literal(false).exactOptional(),
});
export type ConfigMap = z.infer<typeof ConfigMap>;

/** For calls that nothing cancels. */
export const never = new AbortController().signal;

/** A running cache of the ConfigMaps with the label `test: <label>`; disposing of it ends the reflector. */
export class Reflection implements AsyncDisposable {
  readonly store = new Store<ConfigMap>({ log: silentLog });
  /** Codes of the failures it has recovered from. */
  readonly failures: string[] = [];
  lists = 0;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(kube: KubeClient, label: string) {
    const reflector = new Reflector({
      name: 'configmaps',
      source: kube.listWatch(CONFIG_MAP, ConfigMap, { namespace: 'default', labelSelector: `test=${label}` }),
      store: this.store,
      clock: systemClock,
      random: () => 0,
      log: silentLog,
      metrics: {
        ...silentMetrics,
        listed: () => void (this.lists += 1),
        watchFailed: (_resource, code) => void this.failures.push(code),
      },
    });
    this.#running = reflector.run(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** Creates or changes a ConfigMap that a `Reflection` of this label sees. */
export async function put(kube: KubeClient, label: string, name: string, value: string): Promise<void> {
  const metadata = { namespace: 'default', name, labels: { test: label } };
  await kube.apply(CONFIG_MAP, { metadata, data: { value } }, 'test', never);
}

/** Deletes a ConfigMap whatever its uid. */
export async function remove(kube: KubeClient, name: string): Promise<void> {
  const live = await kube.get(CONFIG_MAP, { namespace: 'default', name }, ConfigMap, never);
  if (live !== undefined)
    await kube.delete(CONFIG_MAP, { namespace: 'default', name }, { uid: live.meta.uid }, never);
}
