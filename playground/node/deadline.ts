/** A moment after which something is cut; it can only come nearer. */
export class Deadline {
  readonly #controller = new AbortController();
  #at = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param ms from now */
  constructor(ms: number) {
    this.shorten(ms);
  }

  /** Aborted once the moment has come. */
  get passed(): AbortSignal {
    return this.#controller.signal;
  }

  /** Moves the moment to `ms` from now, if that is earlier. */
  shorten(ms: number): void {
    const at = Date.now() + ms;
    if (at >= this.#at || this.passed.aborted) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

/** Waits; an abort ends the wait early, without an error. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** Resolves once the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
