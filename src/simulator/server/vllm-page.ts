import type { EngineStats } from '../model/engine-stats.ts';
import { formatHeader, formatLabels, formatValue, type Labels } from './page-format.ts';
import { fixedText, histogramSamples, sample, type Segment } from './page-segments.ts';
import { VLLM_FAMILIES, type VllmFamily } from './vllm-families.ts';
import { isInSpan } from './vllm-version.ts';

/**
 * The `vllm:` families of one version's dialect, each with its `_created` twin.
 * @param createdSeconds when the engine came up, Unix seconds
 */
export function vllmSegments(
  version: readonly number[],
  modelName: string,
  stats: EngineStats,
  createdSeconds: number,
): readonly Segment[] {
  return VLLM_FAMILIES.filter((family) => isInSpan(family, version)).flatMap((family) =>
    familySegments(family, version, modelName, stats, createdSeconds),
  );
}

function familySegments(
  family: VllmFamily,
  version: readonly number[],
  modelName: string,
  stats: EngineStats,
  createdSeconds: number,
): readonly Segment[] {
  const { name, help, type } = family;
  const base = { engine: '0', model_name: modelName };
  if (type === 'histogram') {
    return [
      fixedText(formatHeader(name, type, help)),
      histogramSamples(name, base, family.histogram(stats)),
      fixedText(created(name, help, [base], createdSeconds)),
    ];
  }
  const own = family.perModel === true ? { model_name: modelName } : base;
  const series = family.series
    .filter((one) => isInSpan(one, version))
    .map((one) => ({ labels: { ...own, ...one.labels }, read: () => one.read(stats) }));
  const wireName = type === 'counter' ? `${name}_total` : name;
  const segments = [
    fixedText(formatHeader(wireName, type, help)),
    ...series.map(({ labels, read }) => sample(wireName, labels, read)),
  ];
  if (type === 'gauge') return segments;
  const labels = series.map((one) => one.labels);
  return [...segments, fixedText(created(name, help, labels, createdSeconds))];
}

/** Counters and histograms come with a gauge that says when each child came to be. */
export function created(
  name: string,
  help: string,
  children: readonly Labels[],
  createdSeconds: number,
): string {
  const lines = children.map(
    (labels) => `${name}_created${formatLabels(labels)} ${formatValue(createdSeconds)}\n`,
  );
  return formatHeader(`${name}_created`, 'gauge', help) + lines.join('');
}
