/** The package comes without types. */
declare module 'parse-prometheus-text-format' {
  /** Families with their series, all figures as text. Throws on pages whose `_sum` comes before the buckets. */
  export default function parsePrometheusTextFormat(page: string): readonly object[];
}
