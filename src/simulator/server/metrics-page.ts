import type { EngineStats } from '../model/engine-stats.ts';
import { cacheConfigLabels } from './cache-config-info.ts';
import type { HttpMetrics } from './http-metrics.ts';
import { formatHeader } from './page-format.ts';
import { fixedText, sample, type Segment } from './page-segments.ts';
import { processSegments, type ProcessFigures } from './process-page.ts';
import type { ServeArgs } from './serve-args.ts';
import { vllmSegments } from './vllm-page.ts';
import { parseVersion } from './vllm-version.ts';

export interface PageSources {
  readonly args: ServeArgs;
  readonly vllmVersion: string;
  readonly stats: EngineStats;
  readonly http: HttpMetrics;
  readonly process: ProcessFigures;
  /** When the engine came up, Unix seconds. */
  readonly createdSeconds: number;
}

/** `/metrics` in the dialect of one vLLM version. Labels are put together once; a page costs tens of µs. */
export class MetricsPage {
  readonly #segments: readonly Segment[];
  readonly #http: HttpMetrics;

  constructor(sources: PageSources) {
    this.#segments = [
      ...processSegments(sources.process),
      // `--disable-log-stats` takes away every family of the engine.
      ...(sources.args.logStats ? engineSegments(sources) : []),
    ];
    this.#http = sources.http;
  }

  render(): string {
    const out: string[] = [];
    for (const write of this.#segments) write(out);
    this.#http.write(out);
    return out.join('');
  }
}

function engineSegments({ args, vllmVersion, stats, createdSeconds }: PageSources): readonly Segment[] {
  const version = parseVersion(vllmVersion);
  const name = 'vllm:cache_config_info';
  return [
    ...vllmSegments(version, args.servedModelNames[0], stats, createdSeconds),
    fixedText(formatHeader(name, 'gauge', 'Configuration of the KV cache, in labels.')),
    sample(name, cacheConfigLabels(args, version), () => 1),
  ];
}
