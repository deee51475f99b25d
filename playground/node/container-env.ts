import { z } from 'zod';
import type { ApiClient } from '../control-plane/api-client.ts';
import type { Container, EnvVar, Pod } from './pod.ts';

const secretSchema = z.object({ data: z.record(z.string(), z.string()).default({}) });

/**
 * The environment that a container's process gets: literal values, keys of Secrets, and the pod's own fields.
 *
 * @throws Error naming the variable, when its Secret or key does not exist or its source is not supported here
 */
export async function containerEnv(
  api: ApiClient,
  pod: Pod,
  container: Container,
  podIP: string,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const variable of container.env) {
    const value = await resolve(api, pod, variable, podIP);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

async function resolve(
  api: ApiClient,
  pod: Pod,
  variable: EnvVar,
  podIP: string,
): Promise<string | undefined> {
  const source = variable.valueFrom;
  if (source === undefined) return variable.value ?? '';
  if (source.secretKeyRef !== undefined) return secretKey(api, pod, variable.name, source.secretKeyRef);
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'status.podIP': podIP,
  };
  const value = fields[source.fieldRef?.fieldPath ?? ''];
  if (value === undefined) {
    throw new Error(
      `env ${variable.name}: the node stand-in reads only secretKeyRef and ${Object.keys(fields).join(', ')}`,
    );
  }
  return value;
}

async function secretKey(
  api: ApiClient,
  pod: Pod,
  variable: string,
  ref: { name: string; key: string; optional: boolean },
): Promise<string | undefined> {
  const response = await api.request(
    'GET',
    `/api/v1/namespaces/${pod.metadata.namespace}/secrets/${ref.name}`,
  );
  const data = response.status === 200 ? secretSchema.parse(response.body).data[ref.key] : undefined;
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  if (ref.optional) return undefined;
  throw new Error(`env ${variable}: secret "${ref.name}" with key "${ref.key}" not found`);
}
