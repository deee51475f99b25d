import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { RequestRecord } from '../../src/loadtest/plan/request-record.ts';

/** How much faster the signature's time runs in the demo: an hour is five minutes. */
const TIMES_AS_FAST = 12;

/** The summary at the end of the second act, from what was measured and what the resource says. */
export function tellLeak(
  engine: string,
  seconds: { readonly untilFound: number; readonly untilGone: number },
  records: readonly RequestRecord[],
  { status }: VLLMDeployment,
): string {
  const failures = records.flatMap(({ outcome }) => (outcome.ok ? [] : [outcome]));
  const [first] = failures;
  const why = first === undefined ? '' : ` (the first: ${first.reason}, ${first.message})`;
  const real = Math.round((TIMES_AS_FAST * seconds.untilFound) / 60);
  const record = status?.remediation?.restarts?.at(-1) ?? 'nothing';
  return (
    `Summary: ${records.length} requests were sent, ${records.length - failures.length} were answered, ${failures.length} failed${why}. ` +
    `The leak of ${engine} was found after ${Math.round(seconds.untilFound)} s, which stand for ${real} minutes; ` +
    `${Math.round(seconds.untilGone)} s later another engine was in its place. On record: ${record}.`
  );
}
