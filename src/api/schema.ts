/** One validation rule of the API server, written in CEL; see "Validation rules" in the CRD documentation. */
export interface CelRule {
  readonly rule: string;
  /** What is wrong and what to do, as one sentence; the API server prints the path of the field before it. */
  readonly message: string;
  /** The same with the values, as a CEL expression; `message` is printed where it cannot be evaluated. */
  readonly messageExpression?: string;
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
