import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Who talks to the API server. */
export const USERS = ['admin', 'operator', 'viewer', 'node', 'controller-manager', 'scheduler'] as const;
export type User = (typeof USERS)[number];

/** Their names as RBAC and the audit log spell them, one each, so that the audit log tells them apart. */
export const USER_NAMES: Readonly<Record<User, string>> = {
  admin: 'admin',
  operator: 'vllm-warden',
  viewer: 'viewer',
  node: 'node-stand-in',
  'controller-manager': 'system:kube-controller-manager',
  scheduler: 'system:kube-scheduler',
};
/** These get their rights from RBAC alone; all others are in system:masters. */
const UNPRIVILEGED: readonly User[] = ['operator', 'viewer'];

export type Tokens = Readonly<Record<User, string>>;

/** Makes a random token for each user and writes the API server's token file. */
export async function writeTokens(file: string): Promise<Tokens> {
  const token = (): string => randomBytes(24).toString('hex');
  const tokens: Tokens = {
    admin: token(),
    operator: token(),
    viewer: token(),
    node: token(),
    'controller-manager': token(),
    scheduler: token(),
  };
  const rows = USERS.map((user) => {
    const row = `${tokens[user]},${USER_NAMES[user]},${user}`;
    return UNPRIVILEGED.includes(user) ? row : `${row},"system:masters"`;
  });
  await writeFile(file, `${rows.join('\n')}\n`, { mode: 0o600 });
  return tokens;
}

/** Writes the pair of keys that signs and checks service-account tokens; returns their paths. */
export async function writeServiceAccountKeys(
  directory: string,
): Promise<{ privateKey: string; publicKey: string }> {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  const paths = { privateKey: join(directory, 'sa.key'), publicKey: join(directory, 'sa.pub') };
  await writeFile(paths.privateKey, pair.privateKey, { mode: 0o600 });
  await writeFile(paths.publicKey, pair.publicKey);
  return paths;
}

/** Writes a kubeconfig for one server, its certificate authority (PEM), and one bearer token. */
export async function writeKubeconfig(
  file: string,
  access: { server: string; token: string; ca: string },
): Promise<void> {
  const ca = Buffer.from(access.ca).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'playground', cluster: { server: access.server, 'certificate-authority-data': ca } }],
    users: [{ name: 'user', user: { token: access.token } }],
    contexts: [{ name: 'playground', context: { cluster: 'playground', user: 'user' } }],
    'current-context': 'playground',
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
}
