import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

export const USAGE = `Usage: vllm-warden operator [options]

Watches VLLMDeployments in all namespaces and runs their fleets. Several may run; one leads.

  --namespace NAME         namespace of the lease (the ServiceAccount's, else vllm-warden-system)
  --kubeconfig FILE        how to reach the API server (KUBECONFIG, ~/.kube/config, then the ServiceAccount)
  --context NAME           context in the kubeconfig (the current one)
  --metrics-address ADDR   where the operator's own metrics are served (:8080)
  --health-address ADDR    where /healthz and /readyz are served (:8081)
  --lease-duration TIME    a standby takes the lease over when it has not changed for so long (15s)
  --renew-deadline TIME    the leader gives up when it could not renew for so long (10s)
  --retry-period TIME      between two tries (2s)
  --status-refresh TIME    how often figures in a status are refreshed when nothing changes (60s)
  --engine-proxy URL       HTTP proxy that carries connections to engines by CONNECT (none)
  --log-level LEVEL        debug, info, warn or error (info)

TIME is a number with a unit: 500ms, 15s, 2m. ADDR is [host]:port.
`;

export interface OperatorOptions {
  readonly namespace: string;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly metricsAddress: string;
  readonly healthAddress: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly statusRefreshMs: number;
  readonly engineProxyUrl: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

export type ParsedOptions =
  | { readonly kind: 'Options'; readonly options: OperatorOptions }
  | { readonly kind: 'Help' }
  | { readonly kind: 'Refused'; readonly message: string };

const FLAGS = {
  namespace: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'metrics-address': { type: 'string', default: ':8080' },
  'health-address': { type: 'string', default: ':8081' },
  'lease-duration': { type: 'string', default: '15s' },
  'renew-deadline': { type: 'string', default: '10s' },
  'retry-period': { type: 'string', default: '2s' },
  'status-refresh': { type: 'string', default: '60s' },
  'engine-proxy': { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', default: false },
} as const;

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const SERVICE_ACCOUNT_NAMESPACE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';
const DEFAULT_NAMESPACE = 'vllm-warden-system';
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Reads the command line; a refusal names the flag, its value and what would do. */
export function parseOptions(args: readonly string[]): ParsedOptions {
  try {
    const { values } = parseArgs({ args: [...args], options: FLAGS, strict: true });
    if (values.help) return { kind: 'Help' };
    const options: OperatorOptions = {
      namespace: values.namespace ?? serviceAccountNamespace() ?? DEFAULT_NAMESPACE,
      kubeconfig: values.kubeconfig,
      context: values.context,
      metricsAddress: values['metrics-address'],
      healthAddress: values['health-address'],
      leaseDurationMs: duration('lease-duration', values['lease-duration']),
      renewDeadlineMs: duration('renew-deadline', values['renew-deadline']),
      retryPeriodMs: duration('retry-period', values['retry-period']),
      statusRefreshMs: duration('status-refresh', values['status-refresh']),
      engineProxyUrl: proxyUrl(values['engine-proxy']),
      logLevel: logLevel(values['log-level']),
    };
    if (
      options.leaseDurationMs <= options.renewDeadlineMs ||
      options.renewDeadlineMs <= options.retryPeriodMs
    ) {
      throw new Error(
        '--lease-duration must be longer than --renew-deadline, and that longer than --retry-period',
      );
    }
    return { kind: 'Options', options };
  } catch (error) {
    return { kind: 'Refused', message: error instanceof Error ? error.message : String(error) };
  }
}

function duration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const unit = UNITS_MS[match?.[2] ?? ''];
  if (match === null || unit === undefined || Number(match[1]) === 0) {
    throw new Error(`--${flag} is "${text}"; give a time above 0 with its unit, e.g. 500ms, 15s or 2m`);
  }
  return Number(match[1]) * unit;
}

function proxyUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return text;
  throw new Error(`--engine-proxy is "${text}"; give the URL of an HTTP proxy, e.g. http://127.0.0.1:3128`);
}

function logLevel(text: string): OperatorOptions['logLevel'] {
  const level = LOG_LEVELS.find((name) => name === text);
  if (level === undefined) throw new Error(`--log-level is "${text}"; give one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

function serviceAccountNamespace(): string | undefined {
  try {
    return readFileSync(SERVICE_ACCOUNT_NAMESPACE, 'utf8').trim();
  } catch {
    return undefined;
  }
}
