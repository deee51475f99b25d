/** Where one request goes. */
export interface Target {
  /** What reports call it, such as the engine's name. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Such as `/v1/completions`. */
  readonly path: string;
}

/**
 * Picks the endpoint of the next request, as the data plane of the cluster would: a Service, a gateway, a list of
 * ready endpoints. Undefined while there is none; the request then fails with `NoTarget`.
 */
export type PickTarget = () => Target | undefined;
