import type { Registry } from 'prom-client';
import { startHttpEndpoint, type HttpEndpoint } from './http-endpoint.ts';

/** `/metrics` of the operator itself, in the Prometheus text format, on `--metrics-address`. */
export function startMetricsServer(address: string, registry: Registry): Promise<HttpEndpoint> {
  return startHttpEndpoint('--metrics-address', address, {
    '/metrics': async () => ({
      status: 200,
      body: await registry.metrics(),
      contentType: registry.contentType,
    }),
  });
}
