import { startHttpEndpoint, type HttpEndpoint } from './http-endpoint.ts';

export interface HealthOptions {
  /** `--health-address`. */
  readonly address: string;
  /** Whether the caches hold their first lists, so that this process leads or can take over. */
  readonly isReady: () => boolean;
}

/**
 * `/healthz` answers while the event loop turns, and says nothing about the API server: restarting the operator does
 * not bring that back. `/readyz` answers 200 once the caches are synced.
 */
export function startHealthServer({ address, isReady }: HealthOptions): Promise<HttpEndpoint> {
  return startHttpEndpoint('--health-address', address, {
    '/healthz': () => ({ status: 200, body: 'ok\n' }),
    '/readyz': () =>
      isReady() ? { status: 200, body: 'ok\n' } : { status: 503, body: 'the caches are not synced yet\n' },
  });
}
