import { Histogram } from '../model/histogram.ts';
import { formatHeader, formatLabels, formatValue, type Labels } from './page-format.ts';
import { histogramSamples, type Segment } from './page-segments.ts';
import { created } from './vllm-page.ts';

const HIGHR_BUCKETS = [
  0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 7.5, 10, 30, 60,
] as const;
const LOWR_BUCKETS = [0.1, 0.5, 1] as const;

const REQUESTS_HELP = 'Requests by method, status class and handler.';
const REQUEST_SIZE_HELP = 'Content-Length of requests by handler, in bytes.';
const RESPONSE_SIZE_HELP = 'Content-Length of answers by handler, in bytes.';
const HIGHR_HELP = 'Duration of requests in many buckets, in seconds.';
const LOWR_HELP = 'Duration of requests by handler, in seconds.';

export interface HttpExchange {
  /** The route, or `none` for a path without one. */
  readonly handler: string;
  readonly method: string;
  readonly status: number;
  /** Of the Content-Length header; 0 without one. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** To the end of the stream. */
  readonly durationSeconds: number;
}

interface Child {
  readonly labels: Labels;
  readonly createdSeconds: number;
  count: number;
  sum: number;
}

class LabelledSums {
  readonly #children = new Map<string, Child>();

  add(labels: Labels, value: number, nowSeconds: number): void {
    const key = formatLabels(labels);
    let child = this.#children.get(key);
    if (child === undefined) {
      child = { labels, createdSeconds: nowSeconds, count: 0, sum: 0 };
      this.#children.set(key, child);
    }
    child.count += 1;
    child.sum += value;
  }

  get children(): readonly (readonly [key: string, child: Child])[] {
    return [...this.#children];
  }
}

/** The `http_` families of prometheus-fastapi-instrumentator; a child appears with its first request. */
export class HttpMetrics {
  readonly #requests = new LabelledSums();
  readonly #requestSizes = new LabelledSums();
  readonly #responseSizes = new LabelledSums();
  readonly #highr = new Histogram(HIGHR_BUCKETS);
  readonly #lowr = new Map<
    string,
    { labels: Labels; histogram: Histogram; segment: Segment; createdSeconds: number }
  >();
  readonly #highrSegment: Segment;
  readonly #startSeconds: number;

  /** @param startSeconds when the server came up, Unix seconds */
  constructor(startSeconds: number) {
    this.#startSeconds = startSeconds;
    this.#highrSegment = histogramSamples('http_request_duration_highr_seconds', {}, this.#highr);
  }

  /** @param nowSeconds Unix seconds */
  record(exchange: HttpExchange, nowSeconds: number): void {
    const { handler, method } = exchange;
    const status = `${Math.floor(exchange.status / 100)}xx`;
    this.#requests.add({ handler, method, status }, 1, nowSeconds);
    this.#requestSizes.add({ handler }, exchange.requestBytes, nowSeconds);
    this.#responseSizes.add({ handler }, exchange.responseBytes, nowSeconds);
    this.#highr.observe(exchange.durationSeconds);
    this.#lowrOf({ handler, method }, nowSeconds).observe(exchange.durationSeconds);
  }

  write(out: string[]): void {
    out.push(formatHeader('http_requests_total', 'counter', REQUESTS_HELP));
    for (const [key, child] of this.#requests.children) {
      out.push('http_requests_total', key, ' ', formatValue(child.count), '\n');
    }
    this.#writeCreated(out, 'http_requests', REQUESTS_HELP, this.#requests);
    this.#writeSizes(out, 'http_request_size_bytes', REQUEST_SIZE_HELP, this.#requestSizes);
    this.#writeSizes(out, 'http_response_size_bytes', RESPONSE_SIZE_HELP, this.#responseSizes);
    out.push(formatHeader('http_request_duration_highr_seconds', 'histogram', HIGHR_HELP));
    this.#highrSegment(out);
    out.push(created('http_request_duration_highr_seconds', HIGHR_HELP, [{}], this.#startSeconds));
    out.push(formatHeader('http_request_duration_seconds', 'histogram', LOWR_HELP));
    for (const { segment } of this.#lowr.values()) segment(out);
    if (this.#lowr.size === 0) return;
    out.push(formatHeader('http_request_duration_seconds_created', 'gauge', LOWR_HELP));
    for (const [key, { createdSeconds }] of this.#lowr) {
      out.push('http_request_duration_seconds_created', key, ' ', formatValue(createdSeconds), '\n');
    }
  }

  #lowrOf(labels: Labels, nowSeconds: number): Histogram {
    const key = formatLabels(labels);
    const known = this.#lowr.get(key);
    if (known !== undefined) return known.histogram;
    const histogram = new Histogram(LOWR_BUCKETS);
    const segment = histogramSamples('http_request_duration_seconds', labels, histogram);
    this.#lowr.set(key, { labels, histogram, segment, createdSeconds: nowSeconds });
    return histogram;
  }

  #writeSizes(out: string[], name: string, help: string, sums: LabelledSums): void {
    out.push(formatHeader(name, 'summary', help));
    for (const [key, child] of sums.children) {
      out.push(`${name}_count`, key, ' ', formatValue(child.count), '\n');
      out.push(`${name}_sum`, key, ' ', formatValue(child.sum), '\n');
    }
    this.#writeCreated(out, name, help, sums);
  }

  #writeCreated(out: string[], name: string, help: string, sums: LabelledSums): void {
    const { children } = sums;
    if (children.length === 0) return;
    out.push(formatHeader(`${name}_created`, 'gauge', help));
    for (const [key, child] of children) {
      out.push(`${name}_created`, key, ' ', formatValue(child.createdSeconds), '\n');
    }
  }
}
