import { buildSample } from './build-sample.ts';
import type { LayoutMemory } from './layout-memory.ts';
import { PageLayout, ValueLog } from './layout.ts';
import { failure } from './page-shape.ts';
import type { PageError, PageResult } from './sample.ts';
import { scanLines } from './scan-lines.ts';
import { SeriesReader } from './series-reader.ts';

/** Real pages take 50–70 KB, two data-parallel ranks included. */
export const DEFAULT_MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Scanning never yields, so one reader, whose memory is used again for each page, serves every caller. */
const series = new SeriesReader();

/**
 * Reads a metrics page in the text exposition format (Prometheus 0.0.4 and 1.0.0, OpenMetrics 1.0) into an
 * `EngineSample`, in one pass over its bytes. Only the families that the sample needs are looked at; a malformed
 * line among those refuses the page, a malformed line elsewhere does no harm.
 *
 * Any bytes give a sample or an error; the work is linear in their number and the memory is bounded.
 */
export function scanPage(page: Uint8Array, maxBytes = DEFAULT_MAX_PAGE_BYTES): PageResult {
  if (page.length > maxBytes) return tooLarge(page, maxBytes);
  const bytes = plainView(page);
  series.clear(bytes);
  return scanLines(bytes, series) ?? { ok: true, sample: buildSample(series.page, bytes) };
}

/**
 * Reads the pages of one engine, with the results of `scanPage`, but faster from the second on: pages that an engine,
 * or another of its kind, shows one after the other have the same text between their values. What that text means is
 * worked out once (`PageLayout`); a page is compared with it in full, and then its values are read.
 */
export class PageReader {
  private readonly layouts: LayoutMemory;
  private layout: PageLayout | undefined;

  /** `layouts` is shared by the readers of all engines. */
  constructor(layouts: LayoutMemory) {
    this.layouts = layouts;
  }

  read(page: Uint8Array, maxBytes = DEFAULT_MAX_PAGE_BYTES): PageResult {
    if (page.length > maxBytes) return tooLarge(page, maxBytes);
    const bytes = plainView(page);
    this.layout = this.layouts.find(bytes, this.layout);
    return this.layout === undefined ? this.readAndLearn(bytes) : result(this.layout);
  }

  private readAndLearn(bytes: Uint8Array): PageResult {
    const log = new ValueLog();
    series.clear(bytes, log);
    const bad = scanLines(bytes, series);
    if (bad !== undefined) return bad;
    const sample = buildSample(series.page, bytes);
    this.layout = PageLayout.learn(bytes, log, () => series.releasePage());
    if (this.layout !== undefined) this.layouts.use(this.layout);
    return { ok: true, sample };
  }
}

function result({ state, text }: PageLayout): PageResult {
  return { ok: true, sample: buildSample(state, text) };
}

/** Node's Buffer is a class of its own with slower searches; a plain view keeps every access of one kind. */
function plainView(page: Uint8Array): Uint8Array {
  return new Uint8Array(page.buffer, page.byteOffset, page.length);
}

function tooLarge(page: Uint8Array, maxBytes: number): PageError {
  return failure('TooLarge', `The page has ${page.length} bytes; at most ${maxBytes} are read.`);
}
