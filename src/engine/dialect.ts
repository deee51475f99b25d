import type { EngineSample } from './sample.ts';

/** Whether a page shows what a version of vLLM brought. */
export interface Traits {
  readonly admissionRejections: boolean;
  readonly numPreemptions: boolean;
  readonly waitingByReason: boolean;
  readonly bySource: boolean;
  readonly prefillKvComputed: boolean;
  readonly timePerOutputToken: boolean;
  readonly timePerOutputTokenOld: boolean;
  readonly interTokenLatency: boolean;
  readonly kvCacheUsage: boolean;
  readonly engineLabel: boolean;
  readonly anyFamily: boolean;
}

/**
 * The oldest version whose families a page has. The page does not carry the version; families came in this order
 * (seen on pages of fifteen versions from 0.8.5 to 0.32.0).
 */
export function dialectOf(traits: Traits): EngineSample['dialect'] {
  if (traits.admissionRejections) return 'v1-0.32';
  if (traits.numPreemptions) return 'v1-0.30';
  if (traits.waitingByReason) return 'v1-0.20';
  if (traits.bySource) return 'v1-0.17';
  if (traits.prefillKvComputed) return 'v1-0.13';
  if (traits.timePerOutputToken) return traits.timePerOutputTokenOld ? 'v1-0.11' : 'v1-0.12';
  if (traits.interTokenLatency) return 'v1-0.10';
  if (traits.kvCacheUsage) return 'v1-0.9';
  if (traits.engineLabel) return 'v1-0.8';
  return traits.anyFamily ? 'v0' : 'no-stats';
}
