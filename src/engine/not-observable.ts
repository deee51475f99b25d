import type { PageState } from './accumulate.ts';
import {
  BREAKDOWN_NAMES,
  CACHE_CONFIG_NAME,
  HISTOGRAM_NAMES,
  PROCESS_NAMES,
  SCALAR_NAMES,
} from './families.ts';
import type { EngineSample } from './sample.ts';

/** Where a field comes from, and what an engine without it may be. */
interface Origin {
  readonly families: readonly string[];
  readonly hint: string;
}

const FIRST_REQUEST = 'some engines show it only after their first request';
const API_SERVERS = 'engines with more than one API server process do not show it';

function since(version: string): string {
  return `engines show it since vLLM ${version}`;
}

function histogram(family: string, hint = FIRST_REQUEST): Origin {
  return { families: [family], hint };
}

const TOP = {
  running: { families: [SCALAR_NAMES.running], hint: FIRST_REQUEST },
  waiting: { families: [SCALAR_NAMES.waiting], hint: FIRST_REQUEST },
  waitingByReason: { families: [BREAKDOWN_NAMES.waitingByReason], hint: since('0.20') },
  kvCacheUsage: { families: [SCALAR_NAMES.kvCacheUsage, SCALAR_NAMES.gpuCacheUsage], hint: FIRST_REQUEST },
  promptTokens: { families: [SCALAR_NAMES.promptTokens], hint: FIRST_REQUEST },
  generationTokens: { families: [SCALAR_NAMES.generationTokens], hint: FIRST_REQUEST },
  preemptions: { families: [SCALAR_NAMES.preemptions], hint: FIRST_REQUEST },
  steps: { families: [SCALAR_NAMES.steps], hint: "vLLM's Rust front end does not show it" },
  requests: { families: [BREAKDOWN_NAMES.requests], hint: FIRST_REQUEST },
  admissionRejections: { families: [BREAKDOWN_NAMES.admissionRejections], hint: since('0.32') },
  prefixCache: {
    families: [
      SCALAR_NAMES.prefixQueries,
      SCALAR_NAMES.prefixHits,
      SCALAR_NAMES.gpuPrefixQueries,
      SCALAR_NAMES.gpuPrefixHits,
    ],
    hint: since('0.8 with its V1 engine'),
  },
  cacheConfig: { families: [CACHE_CONFIG_NAME], hint: "vLLM's Rust front end does not show it" },
  processResidentMemoryBytes: { families: [PROCESS_NAMES[0]], hint: API_SERVERS },
  processStartTimeSeconds: { families: [PROCESS_NAMES[1]], hint: API_SERVERS },
} as const satisfies { readonly [field in keyof EngineSample]?: Origin };

const LATENCY: Readonly<Record<keyof EngineSample['histograms'], Origin>> = {
  ttft: histogram(HISTOGRAM_NAMES.ttft),
  interTokenLatency: {
    families: [HISTOGRAM_NAMES.interTokenLatency, HISTOGRAM_NAMES.timePerOutputTokenOld],
    hint: FIRST_REQUEST,
  },
  timePerOutputToken: histogram(HISTOGRAM_NAMES.timePerOutputToken, since('0.11')),
  e2e: histogram(HISTOGRAM_NAMES.e2e),
  queueTime: histogram(HISTOGRAM_NAMES.queueTime),
  prefillTime: histogram(HISTOGRAM_NAMES.prefillTime),
  decodeTime: histogram(HISTOGRAM_NAMES.decodeTime),
};

const NO_STATS =
  'the engine runs with --disable-log-stats, which takes all its families off the page: remove that flag';

const TOP_FIELDS = fieldsOf(TOP);
const LATENCY_FIELDS = fieldsOf(LATENCY);

function fieldsOf<Field extends string>(
  origins: Readonly<Record<Field, Origin>>,
): readonly (readonly [Field, Origin])[] {
  const fields: [Field, Origin][] = [];
  for (const field in origins) fields.push([field, origins[field]]);
  return fields;
}

/** Why each absent field is absent, by field name. */
export function explainAbsence(
  sample: Omit<EngineSample, 'notObservable'>,
  page: PageState,
): Record<string, string> {
  const reasons: Record<string, string> = {};
  for (const [field, origin] of TOP_FIELDS) {
    if (sample[field] === undefined) reasons[field] = because(origin, sample.dialect, page);
  }
  for (const [field, origin] of LATENCY_FIELDS) {
    if (sample.histograms[field] === undefined) reasons[field] = because(origin, sample.dialect, page);
  }
  return reasons;
}

function because({ families, hint }: Origin, dialect: string, page: PageState): string {
  for (const family of families) {
    const problem = page.problems.get(family);
    if (problem !== undefined) return problem;
  }
  const [family = ''] = families;
  if (dialect === 'no-stats' && family.startsWith('vllm:')) return NO_STATS;
  return `${family} is not on the page; ${hint}`;
}
