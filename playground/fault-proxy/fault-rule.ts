/** One request as the rules see it. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly watch: boolean;
}

export type FaultAction =
  /** An answer of the API server's kind, without asking it. */
  | { readonly kind: 'status'; readonly code: 409 | 410 | 500 }
  | { readonly kind: 'status'; readonly code: 429; readonly retryAfterSeconds: number }
  /** A watch that starts well (200) and whose first event is the ERROR 410 Expired. */
  | { readonly kind: 'watch-expired' }
  /** The request goes through, this much later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The connection is accepted and never answered. */
  | { readonly kind: 'half-open' }
  /** Status 200 and headers, then nothing, ever. */
  | { readonly kind: 'silent' }
  /** The request reaches the API server, which acts on it; its answer is lost and the connection cut. */
  | { readonly kind: 'lose-answer' }
  /** The connection is cut before the request reaches the API server. */
  | { readonly kind: 'cut' };

/** Which requests, how often, and what happens to them; absent conditions match everything. */
export interface FaultRule {
  readonly method?: string;
  /** Tested against path and query. */
  readonly path?: RegExp;
  readonly watch?: boolean;
  /** After so many matches the rule is spent; default: never. */
  readonly times?: number;
  readonly action: FaultAction;
}

export function matches(rule: Omit<FaultRule, 'action' | 'times'>, request: SeenRequest): boolean {
  return (
    (rule.method === undefined || rule.method === request.method) &&
    (rule.path === undefined || rule.path.test(request.path)) &&
    (rule.watch === undefined || rule.watch === request.watch)
  );
}

/** The rules in force, oldest first; the first that matches and is not spent decides. */
export class FaultRules {
  #rules: { readonly rule: FaultRule; left: number }[] = [];

  /** @returns takes the rule out again */
  add(rule: FaultRule): () => void {
    const entry = { rule, left: rule.times ?? Number.POSITIVE_INFINITY };
    this.#rules.push(entry);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry);
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** What happens to this request; undefined if it goes through. Uses the rule up by one. */
  take(request: SeenRequest): FaultAction | undefined {
    const entry = this.#rules.find(({ rule, left }) => left > 0 && matches(rule, request));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.rule.action;
  }
}
