import type { PageState } from './accumulate.ts';
import {
  BREAKDOWN_NAMES,
  CACHE_CONFIG_NAME,
  HISTOGRAM_NAMES,
  HTTP_REQUESTS_NAME,
  PROCESS_NAMES,
  SCALAR_NAMES,
} from './families.ts';
import type { Writer } from './dialect.ts';
import type { EngineSample, PrefixCache } from './sample.ts';

/** Where a field comes from, and what an engine without it may be. */
interface Origin {
  readonly families: readonly string[];
  readonly hint: string;
}

const FIRST_REQUEST = 'some engines show it only after their first request';
const API_SERVERS = 'engines with more than one API server process do not show it, nor does V0';

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
  isAsleep: { families: [BREAKDOWN_NAMES.sleepState], hint: since('0.11') },
  kvCacheUsage: { families: [SCALAR_NAMES.kvCacheUsage, SCALAR_NAMES.gpuCacheUsage], hint: FIRST_REQUEST },
  promptTokens: { families: [SCALAR_NAMES.promptTokens], hint: FIRST_REQUEST },
  generationTokens: { families: [SCALAR_NAMES.generationTokens], hint: FIRST_REQUEST },
  preemptions: { families: [SCALAR_NAMES.preemptions], hint: FIRST_REQUEST },
  steps: { families: [SCALAR_NAMES.steps], hint: FIRST_REQUEST },
  requests: { families: [BREAKDOWN_NAMES.requests], hint: FIRST_REQUEST },
  admissionRejections: { families: [BREAKDOWN_NAMES.admissionRejections], hint: since('0.32') },
  httpAnswered: { families: [HTTP_REQUESTS_NAME], hint: 'V1 engines show it since vLLM 0.8.3' },
  httpFailed: { families: [HTTP_REQUESTS_NAME], hint: 'V1 engines show it since vLLM 0.8.3' },
  prefixCache: {
    families: [
      SCALAR_NAMES.prefixQueries,
      SCALAR_NAMES.prefixHits,
      SCALAR_NAMES.gpuPrefixQueries,
      SCALAR_NAMES.gpuPrefixHits,
    ],
    hint: 'the V1 engine shows it since vLLM 0.8; V0 shows a rate without the numbers behind it',
  },
  cacheConfig: { families: [CACHE_CONFIG_NAME], hint: "every engine of vLLM's own server shows it" },
  processResidentMemoryBytes: { families: [PROCESS_NAMES[0]], hint: API_SERVERS },
  processStartTimeSeconds: { families: [PROCESS_NAMES[1]], hint: API_SERVERS },
} as const satisfies { readonly [field in keyof EngineSample]?: Origin };

const HISTOGRAM_ORIGINS: Readonly<Record<keyof EngineSample['histograms'], Origin>> = {
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
  requestPromptTokens: histogram(HISTOGRAM_NAMES.requestPromptTokens),
};

const NO_STATS =
  'the engine runs with --disable-log-stats, which takes all its families off the page: remove that flag';

const PROCESS: readonly string[] = PROCESS_NAMES;
/** Families that a writer of pages other than vLLM's own server never shows. */
const NOT_OF_WRITER = {
  rust: new Set([SCALAR_NAMES.steps, CACHE_CONFIG_NAME, ...PROCESS]),
  ray: new Set([CACHE_CONFIG_NAME, HTTP_REQUESTS_NAME, ...PROCESS]),
} as const satisfies Record<Exclude<Writer, 'vllm'>, ReadonlySet<string>>;
const WRITER_TEXT = {
  rust: "vLLM's Rust front end",
  ray: 'the page that Ray serves for its engines',
} as const;

const TOP_FIELDS = fieldsOf(TOP);
const HISTOGRAM_FIELDS = fieldsOf(HISTOGRAM_ORIGINS);

function fieldsOf<Field extends string>(
  origins: Readonly<Record<Field, Origin>>,
): readonly (readonly [Field, Origin])[] {
  const fields: [Field, Origin][] = [];
  for (const field in origins) fields.push([field, origins[field]]);
  return fields;
}

/** What is known of the page beside the sample. */
interface Context {
  readonly page: PageState;
  readonly version: string;
  readonly writer: Writer;
  /** The prefix-cache counters as they stand on the page, good or not. */
  readonly counted: PrefixCache | undefined;
}

/** Why each absent field is absent, by field name. */
export function explainAbsence(
  sample: Omit<EngineSample, 'notObservable'>,
  context: Context,
): Record<string, string> {
  const reasons: Record<string, string> = {};
  for (const [field, origin] of TOP_FIELDS) {
    if (sample[field] === undefined) reasons[field] = because(origin, context);
  }
  for (const [field, origin] of HISTOGRAM_FIELDS) {
    if (sample.histograms[field] === undefined) reasons[field] = because(origin, context);
  }
  if (context.writer === 'rust')
    reasons['httpAnswered'] =
      `${WRITER_TEXT.rust} counts ${HTTP_REQUESTS_NAME} when an answer begins, not when it ends`;
  const { counted } = context;
  if (sample.prefixCache === undefined && counted !== undefined)
    reasons['prefixCache'] = retriesCounted(counted, sample);
  return reasons;
}

function because({ families, hint }: Origin, { page, version, writer }: Context): string {
  for (const family of families) {
    const problem = page.problems.get(family);
    if (problem !== undefined) return problem;
  }
  const [family = ''] = families;
  if (version === 'no-stats' && family.startsWith('vllm:')) return NO_STATS;
  if (writer !== 'vllm' && NOT_OF_WRITER[writer].has(family))
    return `${family} is not on the page; ${WRITER_TEXT[writer]} does not show it`;
  return `${family} is not on the page; ${hint}`;
}

function retriesCounted(
  { queries }: PrefixCache,
  { waiting, promptTokens }: Pick<EngineSample, 'waiting' | 'promptTokens'>,
): string {
  const found = `${queries} lookups for ${promptTokens ?? 'an unknown number of'} prompt tokens, ${waiting ?? 'an unknown number of'} requests waiting`;
  return `before vLLM 0.24 ${SCALAR_NAMES.prefixQueries} counts each attempt to schedule a waiting request (${found})`;
}
