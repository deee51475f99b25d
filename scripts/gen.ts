import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { vllmDeploymentCrd } from '../src/api/v1alpha1/vllm-deployment-crd.ts';

/** Files that are written from the code, by path from the repository's root. */
export const GENERATED: Readonly<Record<string, () => string>> = {
  'crds/vllmdeployments.vllm.warden.dev.yaml': () => asYaml(vllmDeploymentCrd()),
};

function asYaml(object: object): string {
  return `# Written by scripts/gen.ts from the schemas in src/api; edit those, then run: npm run gen\n${stringify(
    object,
    {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    },
  )}`;
}

async function main(args: readonly string[]): Promise<number> {
  const check = args.includes('--check');
  let outdated = 0;
  for (const [path, content] of Object.entries(GENERATED)) {
    const file = new URL(`../${path}`, import.meta.url);
    const wanted = content();
    const found = await readFile(file, 'utf8').catch(() => undefined);
    if (found === wanted) continue;
    outdated += 1;
    if (check) console.error(`${path} is out of date: run npm run gen`);
    else await writeFile(file, wanted);
  }
  console.log(check ? `${outdated} generated files out of date` : `${outdated} generated files written`);
  return check && outdated > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
