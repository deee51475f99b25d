/**
 * Epoch milliseconds as `metav1.MicroTime`, which wants six digits of a second: with JavaScript's three
 * the API server refuses a Lease (kubernetes-client/javascript #828), and no leader is ever elected.
 */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}

/** The inverse; undefined for what is no time. */
export function parseMicroTime(text: string | undefined): number | undefined {
  const epochMs = Date.parse(text ?? '');
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
