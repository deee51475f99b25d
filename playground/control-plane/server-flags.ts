import { join } from 'node:path';

/** Everything the servers' flags depend on. */
export interface ServerPaths {
  readonly directory: string;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiPort: number;
  readonly tokenFile: string;
  readonly auditPolicyFile: string;
  readonly auditLogFile: string;
  readonly certificates: string;
  readonly serviceAccountPrivateKey: string;
  readonly serviceAccountPublicKey: string;
}

/** The certificate that the API server signs for itself; its own authority's certificate is in the same file. */
export function apiCertificate(paths: ServerPaths): { cert: string; key: string } {
  return { cert: join(paths.certificates, 'apiserver.crt'), key: join(paths.certificates, 'apiserver.key') };
}

export function etcdFlags(paths: ServerPaths): string[] {
  const client = `http://127.0.0.1:${paths.etcdPort}`;
  const peer = `http://127.0.0.1:${paths.etcdPeerPort}`;
  return [
    `--data-dir=${join(paths.directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

export function apiServerFlags(paths: ServerPaths): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${paths.etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${paths.apiPort}`,
    `--cert-dir=${paths.certificates}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${paths.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${paths.serviceAccountPrivateKey}`,
    `--token-auth-file=${paths.tokenFile}`,
    '--authorization-mode=RBAC',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--audit-policy-file=${paths.auditPolicyFile}`,
    `--audit-log-path=${paths.auditLogFile}`,
    '--profiling=false',
  ];
}

export function controllerManagerFlags(paths: ServerPaths, kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${paths.serviceAccountPrivateKey}`,
    `--root-ca-file=${apiCertificate(paths).cert}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--profiling=false',
  ];
}

export function schedulerFlags(kubeconfig: string): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--profiling=false',
  ];
}
