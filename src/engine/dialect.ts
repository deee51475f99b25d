import type { PageState } from './accumulate.ts';
import type { PageHistograms } from './build-histograms.ts';
import { MARKERS, SCALARS, type Marker, type Scalar } from './families.ts';
import type { EngineSample } from './sample.ts';

/** Who wrote the page: vLLM's own server, its front end in Rust, or Ray for the engines it runs. */
export type Writer = 'vllm' | 'rust' | 'ray';

/** What of a sample tells its version. */
export type Shown = PageHistograms &
  Pick<EngineSample, 'waitingByReason' | 'admissionRejections' | 'cacheConfig'> & {
    readonly promptTokensBySource?: Readonly<Record<string, number>> | undefined;
  };

/**
 * The oldest version whose families a page has. The page does not carry the version; families came in this order
 * (seen on pages of fifteen versions from 0.8.5 to 0.32.0).
 */
export function dialectOf(page: PageState, shown: Shown): EngineSample['dialect'] {
  const marked = (marker: Marker): boolean => page.markers.has(MARKERS.indexOf(marker));
  if (shown.admissionRejections !== undefined) return 'v1-0.32';
  if (marked('numPreemptions')) return 'v1-0.30';
  if (shown.cacheConfig?.kvCacheSizeTokens !== undefined) return 'v1-0.24';
  if (shown.waitingByReason !== undefined) return 'v1-0.20';
  if (shown.promptTokensBySource !== undefined) return 'v1-0.17';
  if (marked('prefillKvComputed')) return 'v1-0.13';
  if (shown.timePerOutputToken !== undefined)
    return shown.timePerOutputTokenOld === undefined ? 'v1-0.12' : 'v1-0.11';
  if (shown.interTokenLatency !== undefined) return 'v1-0.10';
  if (has(page, 'kvCacheUsage')) return 'v1-0.9';
  // The label came in 0.8.3; before, the counters of V1's prefix cache tell it from V0, which shows a rate.
  if (page.ranks.some((rank) => rank.engineEnd > rank.engineStart)) return 'v1-0.8';
  if (has(page, 'gpuPrefixQueries')) return 'v1-0.8';
  return page.ranks.length > 0 || page.cacheConfig.config !== undefined ? 'v0' : 'no-stats';
}

function has(page: PageState, scalar: Scalar): boolean {
  const slot = SCALARS.indexOf(scalar);
  return page.ranks.some((rank) => !Number.isNaN(rank.scalars[slot]));
}

/**
 * Who wrote the page. Ray names its worker on each series; the Rust front end writes OpenMetrics, which ends in
 * `# EOF`, and has no step histogram.
 */
export function writerOf(page: PageState, bytes: Uint8Array): Writer {
  if (page.ranks.some((rank) => rank.workerEnd > rank.workerStart)) return 'ray';
  return endsInEof(bytes) && !has(page, 'steps') ? 'rust' : 'vllm';
}

const EOF = new TextEncoder().encode('# EOF');

function endsInEof(bytes: Uint8Array): boolean {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] ?? 0) <= 32) end--;
  return EOF.every((byte, i) => bytes[end - EOF.length + i] === byte);
}
