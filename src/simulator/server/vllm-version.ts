/** `0.32.0`, `v0.32.0`, `0.32.0+cpu`: three numbers; what cannot be read counts as the newest. */
export function parseVersion(version: string): readonly number[] {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (match === null) return [Infinity];
  return match.slice(1).map((part) => Number(part ?? 0));
}

/** A span of vLLM versions, both ends included. */
export interface VersionSpan {
  readonly since?: string;
  readonly until?: string;
}

export function isInSpan(span: VersionSpan, version: readonly number[]): boolean {
  if (span.since !== undefined && compare(version, parseVersion(span.since)) < 0) return false;
  return span.until === undefined || compare(version, parseVersion(span.until)) <= 0;
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (let i = 0; i < 3; i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
