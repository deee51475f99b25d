import { assetsIn } from './assets.ts';
import { builtBinary } from './go-binary.ts';
import { PlaygroundUnavailableError, type Provider } from './provider.ts';

const REMEDY = [
  'The playground needs a Kubernetes control plane. Give it one of:',
  '  - Go 1.24 or later on the PATH (https://go.dev/dl), or a running Docker engine, whose golang image is then used:',
  '    the servers are built once, in about 5 minutes;',
  '  - --assets DIR, or KUBEBUILDER_ASSETS, holding etcd, kube-apiserver, kube-controller-manager and kube-scheduler.',
].join('\n');

/**
 * Picks where the servers come from: the folder asked for, else a complete KUBEBUILDER_ASSETS, else the binary built
 * from Go modules.
 *
 * @param assets the folder that the user asked for; it must then be complete
 * @throws PlaygroundUnavailableError with everything that was tried and what to install
 */
export async function chooseProvider(
  assets: string | undefined,
  log: (line: string) => void,
): Promise<Provider> {
  if (assets !== undefined) return assetsIn(assets, '--assets');
  const tried: string[] = [];
  const fromEnvironment = process.env['KUBEBUILDER_ASSETS'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    try {
      return await assetsIn(fromEnvironment, 'KUBEBUILDER_ASSETS');
    } catch (error) {
      if (!(error instanceof PlaygroundUnavailableError)) throw error;
      tried.push(error.message);
      log(error.message);
    }
  }
  try {
    return await builtBinary(log);
  } catch (error) {
    if (!(error instanceof PlaygroundUnavailableError)) throw error;
    throw new PlaygroundUnavailableError([...tried, error.message, REMEDY].join('\n'), { cause: error });
  }
}
