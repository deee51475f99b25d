import type { ScalingChange } from '../../src/api/v1alpha1/status.ts';
import type { VLLMDeployment } from '../../src/api/v1alpha1/vllm-deployment.ts';
import type { LoadReport } from '../../src/loadtest/plan/load-report.ts';
import type { Sample } from './timeline.ts';

/** The summary paragraph at the end of the demo, from what was measured and what the resource says. */
export function tellStory(report: LoadReport, samples: readonly Sample[], fleet: VLLMDeployment): string {
  const peak = samples.reduce((most, sample) => (sample.ready > most.ready ? sample : most));
  const history = fleet.status?.scaling?.history ?? [];
  const ups = history.filter(({ from, to }) => to > from);
  const by = (words: string): number => ups.filter(({ message }) => message.includes(words)).length;
  const { percentiles } = report.latencies.ttftMs;
  const seconds = (ms: number | undefined): string =>
    ms === undefined ? '?' : `${(ms / 1000).toFixed(1)} s`;
  const share = report.goodput.ratio === undefined ? '?' : `${Math.round(100 * report.goodput.ratio)} %`;
  return (
    `Summary: ${report.completed} of ${report.planned.requests} requests were answered, ${report.failed} failed. ` +
    `The fleet grew from 1 to ${peak.ready} engines (reached ${peak.seconds.toFixed(0)} s into the demo) and went back to 1, ` +
    `in ${history.length} changes of size, ${history.length - ups.length} of them downwards. Upwards ${by('Demand asks')} followed what arrived ` +
    `(in ${by('(KV cache')} of those an engine's KV cache set how much it carries), ${by('QueueDepth asks')} the requests that waited, ` +
    `${by('KVCache asks')} the KV cache that filled. ` +
    demandInWords(ups.at(-1)) +
    `First tokens came after ${seconds(percentiles.p50)} (median) and ${seconds(percentiles.p95)} (95th percentile); ` +
    `${share} of the requests had one within 500 ms and then a token every 50 ms. ` +
    `Why each change was made stands in the resource's status and events above.`
  );
}

/** The arithmetic of the last growth, as its message gives it. */
function demandInWords(change: ScalingChange | undefined): string {
  return change === undefined ? '' : `Why ${change.to}: ${change.message}. `;
}
