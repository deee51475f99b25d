/** A judgement in one word and one sentence. */
export type Judgement = { readonly message: string } & (
  | {
      readonly kind: 'NotComparable';
      readonly reason: 'WarmingUp' | 'TooFewRequests' | 'PromptsUnknown' | 'PromptsDiffer';
    }
  /** `NotProven`: a figure is over its limit, but chance may have done it. */
  | { readonly kind: 'NoRegression'; readonly reason: 'WithinLimits' | 'NotProven' }
  | { readonly kind: 'Regression'; readonly reason: 'ErrorRate' | 'TimeToFirstToken' }
);

/** How the new version compares with the old ones: at most 8 lines of evidence of at most 512 characters. */
export type ComparisonVerdict = Judgement & { readonly evidence: readonly string[] };
