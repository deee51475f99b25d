import type { Finding } from '../../api/v1alpha1/status.ts';
import { parseVersion } from '../../engine/version.ts';
import { matchKnownIssue } from '../../rules/leaks/known-issues.ts';
import type { LeakSignature } from '../../rules/leaks/settings.ts';
import { median } from '../../rules/leaks/statistics.ts';
import { rateText } from './text.ts';
import type { RestartRecord } from './restarts.ts';

/** So many leaks of one image are no accident. */
const LEAST_LEAKS = 3;

type LeakRestart = RestartRecord & { readonly signature: LeakSignature };

/**
 * What is to be said of images of which at least three engines leaked alike: that it is the image, what a request takes,
 * and the known issue of vLLM that fits. On no engine: another one would leak as well.
 *
 * @param args the arguments of `vllm serve`
 */
export function leaksOfImages(
  restarts: readonly RestartRecord[],
  args: readonly string[],
): readonly Finding[] {
  const leaks = restarts.filter(isLeak);
  const kinds = Map.groupBy(leaks, ({ image, signature }) => `${signature} ${image}`);
  return [...kinds.values()].flatMap((alike) => {
    const [last] = alike.slice(-1);
    return last === undefined || alike.length < LEAST_LEAKS ? [] : [findingOf(last, alike, args)];
  });
}

function isLeak(restart: RestartRecord): restart is LeakRestart {
  return restart.signature === 'HostMemoryLeak' || restart.signature === 'KVBlockLeak';
}

function findingOf(last: LeakRestart, alike: readonly LeakRestart[], args: readonly string[]): Finding {
  const { signature, image, version } = last;
  const perRequest = median(alike.flatMap((leak) => leak.perRequest ?? []));
  const perHour = median(alike.flatMap((leak) => leak.perHour ?? []));
  const rate = rateText({
    ...last,
    ...(perRequest !== undefined && { perRequest }),
    ...(perHour !== undefined && { perHour }),
  });
  const isMemory = signature === 'HostMemoryLeak';
  const known = matchKnownIssue(
    {
      signature,
      ...(isMemory && { perRequestBytes: perRequest, perHourBytes: perHour }),
    },
    { version: version === undefined ? undefined : parseVersion(version), image, args },
  );
  const vLLM = version === undefined ? '' : ` (vLLM ${version})`;
  const issue = known === undefined ? '' : `; it matches ${known.url}: ${known.what}`;
  const by = rate === undefined ? '' : `, by ${rate} in the median`;
  return {
    signature,
    state: 'Noted',
    severity: 'Warning',
    confidence: 'High',
    since: new Date(alike[LEAST_LEAKS - 1]?.atMs ?? last.atMs).toISOString(),
    reason: 'LeakFollowsImage',
    message: `the leak follows the image: ${alike.length} engines of ${image}${vLLM} leaked${by}${issue}`,
    action:
      known === undefined
        ? 'run another version of vLLM, or report the leak to its project; until then each engine is replaced in time'
        : `what helps: ${known.remedy}; until then each engine is replaced in time`,
  };
}
