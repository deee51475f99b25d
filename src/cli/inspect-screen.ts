import type { CacheConfig, EngineSample, Histogram, HistogramName, RankSample } from '../engine/sample.ts';
import { quantile } from '../signals/quantile.ts';

const LATENCIES: Readonly<Record<Exclude<HistogramName, 'requestPromptTokens'>, string>> = {
  ttft: 'time to first token',
  interTokenLatency: 'inter-token latency',
  timePerOutputToken: 'time per output token',
  e2e: 'whole request',
  queueTime: 'in the queue',
  prefillTime: 'prefill',
  decodeTime: 'decode',
};
const ABSENT = '?';

/** One engine's sample for people: what it is, how loaded, how fast, and what it does not show. */
export function screenOf(sample: EngineSample, source: string): string {
  const sections = [
    header(sample, source),
    load(sample),
    sample.ranks.length > 1 ? ranks(sample.ranks) : [],
    tokens(sample),
    latencies(sample),
    requests(sample),
    server(sample),
    absences(sample),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${text.join('\n\n')}\n`;
}

function header(sample: EngineSample, source: string): string[] {
  const models = sample.models.map(plain).join(', ') || ABSENT;
  const version = sample.version === undefined ? 'version unknown' : plain(sample.version);
  const families = sample.dialect === 'no-stats' ? 'no engine families' : `families as of ${sample.dialect}`;
  return [
    'Engine',
    row('source', plain(source)),
    row('model', models),
    row('vLLM', `${version}; ${families}`),
    row('KV cache', capacity(sample.cacheConfig)),
  ];
}

function capacity(config: CacheConfig | undefined): string {
  if (config === undefined) return ABSENT;
  const { blockSize, numGpuBlocks, kvCacheSizeTokens, enablePrefixCaching } = config;
  const parts: string[] = [];
  if (kvCacheSizeTokens !== undefined) parts.push(`${whole(kvCacheSizeTokens)} tokens`);
  if (numGpuBlocks !== undefined && blockSize !== undefined) {
    parts.push(`${whole(numGpuBlocks)} blocks of ${whole(blockSize)} tokens`);
  }
  if (enablePrefixCaching !== undefined) parts.push(`prefix caching ${enablePrefixCaching ? 'on' : 'off'}`);
  return parts.join(', ') || ABSENT;
}

function load(sample: EngineSample): string[] {
  const byReason = sample.waitingByReason === undefined ? '' : ` (${counts(sample.waitingByReason)})`;
  return [
    'Load',
    row('running', figure(sample.running)),
    row('waiting', figure(sample.waiting) + byReason),
    row('KV cache used', percent(sample.kvCacheUsage)),
    row('preemptions', figure(sample.preemptions)),
    row('engine steps', figure(sample.steps)),
  ];
}

function ranks(all: readonly RankSample[]): string[] {
  const title = `Data-parallel ranks (${all.length})`;
  return [
    title,
    ...all.map(({ engine, running, waiting, kvCacheUsage }) =>
      row(
        `rank ${plain(engine)}`,
        `running ${figure(running)}, waiting ${figure(waiting)}, KV ${percent(kvCacheUsage)}`,
      ),
    ),
  ];
}

function tokens(sample: EngineSample): string[] {
  return [
    'Tokens since start',
    row('prompt', figure(sample.promptTokens)),
    row('generated', figure(sample.generationTokens)),
    row('prefix cache hits', hitRate(sample)),
  ];
}

function hitRate({ prefixCache }: EngineSample): string {
  if (prefixCache === undefined) return ABSENT;
  const { queries, hits } = prefixCache;
  return queries > 0 ? `${percent(hits / queries)} of ${whole(queries)} tokens` : 'no token looked up yet';
}

function latencies(sample: EngineSample): string[] {
  const rows = entriesOf(LATENCIES).flatMap(([name, label]) => {
    const histogram = sample.histograms[name];
    return histogram === undefined ? [] : [latencyRow(label, histogram)];
  });
  if (rows.length === 0) return [];
  const titles = ['p50', 'p95', 'p99', 'mean', 'count'].map((title) => title.padStart(9)).join('');
  return [`${'Latency since start'.padEnd(24)}${titles}`, ...rows];
}

function latencyRow(label: string, histogram: Histogram): string {
  const { count, sum } = histogram;
  const cells = [
    ...[0.5, 0.95, 0.99].map((q) => quantileText(histogram, q)),
    count > 0 ? duration(sum / count) : ABSENT,
    whole(count),
  ];
  return `  ${label.padEnd(22)}${cells.map((cell) => cell.padStart(9)).join('')}`;
}

/** A quantile beyond the last finite bound is only known to be larger. */
function quantileText(histogram: Histogram, q: number): string {
  const value = quantile(histogram, q);
  if (value === undefined) return ABSENT;
  const within = (histogram.cumulative.at(-2) ?? 0) >= q * (histogram.cumulative.at(-1) ?? 0);
  return within ? duration(value) : `> ${duration(value)}`;
}

function requests(sample: EngineSample): string[] {
  const lines = [
    'Requests since start',
    row('finished', sample.requests === undefined ? ABSENT : counts(sample.requests)),
    row('answered', answers(sample.httpAnswered)),
  ];
  if (sample.admissionRejections !== undefined)
    lines.push(row('refused', counts(sample.admissionRejections)));
  return lines;
}

/** More than finished where clients have left: the engine does not count those. */
function answers(httpAnswered: number | undefined): string {
  return httpAnswered === undefined ? ABSENT : `${whole(httpAnswered)} over HTTP, clients that left included`;
}

function server(sample: EngineSample): string[] {
  const { processResidentMemoryBytes: memory, processStartTimeSeconds: start } = sample;
  if (memory === undefined && start === undefined) return [];
  const lines = ['API server process'];
  if (memory !== undefined)
    lines.push(row('memory', `${(memory / 1e6).toFixed(0)} MB (without the engine's own)`));
  if (start !== undefined && start < 1e11) lines.push(row('started', new Date(start * 1000).toISOString()));
  return lines;
}

function absences({ notObservable }: EngineSample): string[] {
  const byReason = Map.groupBy(Object.entries(notObservable), ([, reason]) => reason);
  if (byReason.size === 0) return [];
  const lines = [...byReason].flatMap(([reason, fields]) => [
    ...wrapped(fields.map(([name]) => name)).map((line) => `  ${line}`),
    `      ${plain(reason)}`,
  ]);
  return ['Not observable', ...lines];
}

/** Names in lines of at most about a hundred columns. */
function wrapped(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last === undefined || last.length + name.length > 94) lines.push(name);
    else lines[lines.length - 1] = `${last}, ${name}`;
  }
  return lines;
}

function row(label: string, value: string): string {
  return `  ${label.padEnd(20)}${value}`;
}

function counts(byReason: Readonly<Record<string, number>>): string {
  return Object.entries(byReason)
    .map(([reason, count]) => `${plain(reason)} ${whole(count)}`)
    .join(', ');
}

function figure(value: number | undefined): string {
  return value === undefined ? ABSENT : whole(value);
}

function whole(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

function percent(fraction: number | undefined): string {
  return fraction === undefined ? ABSENT : `${(fraction * 100).toFixed(1)} %`;
}

/** Three significant digits, in the unit that people say. */
function duration(seconds: number): string {
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  return `${Number(seconds.toPrecision(3))} s`;
}

/** Text from a page or a server: without anything that a terminal would obey. */
function plain(text: string): string {
  return text.replace(/[^\u0020-\u007e\u00a0-\uffff]/g, '?');
}

function entriesOf<K extends string>(labels: Readonly<Record<K, string>>): [K, string][] {
  const entries: [K, string][] = [];
  for (const key in labels) entries.push([key, labels[key]]);
  return entries;
}
