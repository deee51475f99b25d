/**
 * A Prometheus histogram that only accumulates: fixed upper bounds, one count a bucket (not cumulative; the
 * page adds them up), sum and count. Values equal to a bound fall into that bound's bucket, as `le` says.
 */
export class Histogram {
  readonly bounds: readonly number[];
  /** One count a bound, and one more for +Inf. */
  readonly counts: Float64Array;
  sum = 0;
  count = 0;
  /** Values come in runs of much the same size, so the last bucket is tried first. */
  #lastBucket = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Records `value` `times` times: the sequences of one step mostly share one latency. */
  observe(value: number, times = 1): void {
    this.sum += value * times;
    this.count += times;
    const last = this.#lastBucket;
    const inLast =
      value <= (this.bounds[last] ?? Infinity) && (last === 0 || value > (this.bounds[last - 1] ?? 0));
    const bucket = inLast ? last : this.#bucketOf(value);
    this.#lastBucket = bucket;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + times;
  }

  #bucketOf(value: number): number {
    const { bounds } = this;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (bounds[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
