/**
 * The pool of KV-cache blocks of one engine. vLLM keeps one block back (the null block), so usage counts
 * against `numGpuBlocks - 1`, as pages from 0.10.2 on show.
 */
export class KvBlocks {
  readonly blockSize: number;
  readonly capacity: number;
  #used = 0;

  constructor(numGpuBlocks: number, blockSize: number) {
    this.blockSize = blockSize;
    this.capacity = Math.max(0, numGpuBlocks - 1);
  }

  get used(): number {
    return this.#used;
  }

  /** Share of the pool held by live requests, 0..1. */
  get usage(): number {
    return this.capacity === 0 ? 0 : this.#used / this.capacity;
  }

  blocksFor(tokens: number): number {
    return Math.ceil(tokens / this.blockSize);
  }

  fits(tokens: number): boolean {
    return this.#used + this.blocksFor(tokens) <= this.capacity;
  }

  /**
   * Extends a holding of `held` blocks until it has room for `tokens`.
   * @returns the new holding, or `undefined`, with nothing taken, when the pool is too small.
   */
  grow(held: number, tokens: number): number | undefined {
    const wanted = Math.max(held, this.blocksFor(tokens));
    const extra = wanted - held;
    if (this.#used + extra > this.capacity) return undefined;
    this.#used += extra;
    return wanted;
  }

  free(held: number): void {
    this.#used -= held;
  }
}
