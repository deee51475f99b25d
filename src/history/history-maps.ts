/** The metadata that tells one object and its version from others. */
export interface MapMeta {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** The ConfigMaps of the operator's own namespace. All reject with a `WardenError`. */
export interface HistoryMaps {
  get(
    name: string,
    signal: AbortSignal,
  ): Promise<
    | {
        readonly meta: MapMeta;
        readonly content:
          | { readonly ok: true; readonly data: Readonly<Record<string, string>> }
          | { readonly ok: false; readonly message: string };
      }
    | undefined
  >;
  /** `ApiConflict` if it is no longer at `resourceVersion`; without one it is made or overwritten. */
  apply(
    map: {
      readonly name: string;
      readonly resourceVersion?: string | undefined;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
      readonly data: Readonly<Record<string, string>>;
    },
    signal: AbortSignal,
  ): Promise<MapMeta>;
  list(labelSelector: string, signal: AbortSignal): Promise<readonly MapMeta[]>;
  delete(
    name: string,
    conditions: { readonly uid: string; readonly resourceVersion: string },
    signal: AbortSignal,
  ): Promise<unknown>;
}
