/** One validation rule of the API server, written in CEL; see "Validation rules" in the CRD documentation. */
export interface CelRule {
  readonly rule: string;
  /** What is wrong and what to do, as one sentence; the API server prints the path of the field before it. */
  readonly message?: string;
  /** The same as a CEL expression, so that it can hold the values. */
  readonly messageExpression?: string;
  /** The field that the error is reported at, when it is below the one that carries the rule. */
  readonly fieldPath?: string;
}

/**
 * A rule whose message tells the values: each `%s` (text) or `%d` (integer) stands for one of the CEL
 * expressions in `values`. CEL's `format` keeps the estimated cost low; joining texts with `+` does not.
 */
export function ruleWithValues(rule: string, message: string, ...values: readonly string[]): CelRule {
  return { rule, messageExpression: `${JSON.stringify(message)}.format([${values.join(', ')}])` };
}

/** Metadata that puts CEL rules on the schema it is given to: `schema.meta(rules(...))`. */
export function rules(...list: readonly CelRule[]): {
  readonly 'x-kubernetes-validations': readonly CelRule[];
} {
  return { 'x-kubernetes-validations': list };
}

/** Metadata of a list whose items are merged by these keys, which must be unique. */
export function mapList(...keys: readonly string[]): {
  readonly 'x-kubernetes-list-type': 'map';
  readonly 'x-kubernetes-list-map-keys': readonly string[];
} {
  return { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys };
}

/** Metadata of a list that is always written as a whole, by one owner. */
export const atomicList = { 'x-kubernetes-list-type': 'atomic' } as const;

/** What a description says about a field that shapes the pods; `pod-fields.ts` lists the same fields. */
export const ROLLS = 'Changing it rolls the fleet.';

/** What a description says about a field that does not shape the pods. */
export const RESTARTS_NOTHING = 'Changing it restarts nothing.';
