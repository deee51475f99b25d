import { LONG_STREAMS, SEATS } from './real-engines.ts';

/** An engine as one starts it by hand: no preStop hook, the grace period of 30 s, vLLM's default flags. */
export function stockPod(name: string, image: string, model: string): object {
  const health = { httpGet: { path: '/health', port: 8000 }, periodSeconds: 5, timeoutSeconds: 10 };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [
        {
          name: 'engine',
          image,
          command: ['vllm', 'serve'],
          args: [model, '--port', '8000', '--max-num-seqs', String(SEATS), ...LONG_STREAMS],
          ports: [{ containerPort: 8000 }],
          readinessProbe: health,
        },
      ],
    },
  };
}
