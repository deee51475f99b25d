import { Counter, Histogram, type Registry } from 'prom-client';

/** Told of each request to the API server: its HTTP status, or the error's code where there was no answer. */
export type ApiRequestHook = (method: string, outcome: string, seconds: number) => void;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** Requests to the API server; watches are counted by what they say, in the runtime's metrics. */
export function createApiMetrics(registry: Registry): ApiRequestHook {
  const registers = [registry];
  const requests = new Counter({
    name: 'vllm_warden_api_requests_total',
    help: 'Requests to the API server, by method and HTTP status or error code.',
    labelNames: ['method', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'vllm_warden_api_request_duration_seconds',
    help: 'How long the API server took to answer.',
    labelNames: ['method'],
    buckets: SECONDS,
    registers,
  });
  return (method, outcome, seconds) => {
    requests.inc({ method, outcome });
    duration.observe({ method }, seconds);
  };
}
