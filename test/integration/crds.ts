import { fileURLToPath } from 'node:url';
import type { Playground } from '../../playground/playground.ts';
import { fleetsServed } from '../../playground/warden/install.ts';

/** Path of a file of the repository. */
export function repositoryPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** Creates the CRDs as a user would, and waits until their resources are served. */
export async function applyCrds(pg: Playground): Promise<void> {
  await kubectl(pg, 'apply', '-f', repositoryPath('crds'));
  await fleetsServed(pg);
}

/** Runs kubectl as admin and returns what it prints; throws with its complaint when it fails. */
export async function kubectl(pg: Playground, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pg.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}
