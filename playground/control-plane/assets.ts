import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PlaygroundUnavailableError, type Executable, type Provider, type ServerRole } from './provider.ts';

const FILES: Readonly<Record<ServerRole, string>> = {
  etcd: 'etcd',
  apiserver: 'kube-apiserver',
  'controller-manager': 'kube-controller-manager',
  scheduler: 'kube-scheduler',
};

// $1 is the directory to remove, the rest the server's command. The watcher waits for the end of standard input by a
// builtin, so that it has no child to leave behind, and once it is at work it is deaf to the shell's TERM.
const UNTIL_STDIN_ENDS = [
  'directory=$1; shift; exec 3<&0',
  '"$@" </dev/null & server=$!',
  '(while read -r line <&3; do :; done',
  ' trap "" TERM; kill -9 $server; sleep 0.2; rm -rf "$directory") & watcher=$!',
  'wait $server; code=$?; kill $watcher 2>/dev/null; exit $code',
].join('\n');

/**
 * Ready-made server programs in a folder, all four of them.
 *
 * @param directory the folder
 * @param source how the user named it (`--assets` or the environment variable), for the error
 * @throws PlaygroundUnavailableError naming each missing program and the remedy
 */
export async function assetsIn(directory: string, source: string): Promise<Provider> {
  const missing: string[] = [];
  for (const file of Object.values(FILES)) {
    if (!(await isExecutable(join(directory, file)))) missing.push(file);
  }
  if (missing.length > 0) {
    throw new PlaygroundUnavailableError(
      `${source} ${directory} lacks ${missing.join(', ')}. The playground needs all four servers ` +
        `(${Object.values(FILES).join(', ')}); the archives of envtest hold only etcd and kube-apiserver. ` +
        `Add the missing programs of the same Kubernetes version, or leave ${source} out to build all of them with Go.`,
    );
  }
  return {
    description: `the programs in ${directory}`,
    kubectl: await findKubectl(directory),
    server: (role, temporary) => ({
      file: '/bin/sh',
      args: ['-c', UNTIL_STDIN_ENDS, 'sh', temporary, join(directory, FILES[role])],
    }),
  };
}

async function findKubectl(directory: string): Promise<Executable> {
  for (const folder of [directory, ...(process.env['PATH'] ?? '').split(delimiter)]) {
    const file = join(folder, 'kubectl');
    if (await isExecutable(file)) return { file, args: [] };
  }
  throw new PlaygroundUnavailableError(
    `there is no kubectl in ${directory} or on the PATH: put one beside the servers.`,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
