/** A release of vLLM, as far as flags and families depend on it; suffixes such as `.post2` or `-cu129` do not. */
export interface EngineVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const RELEASE = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d)/;

/** Parses `0.30.0`, `0.8.5.post2` or `0.30.0-cu129`; anything else is undefined. */
export function parseVersion(text: string): EngineVersion | undefined {
  const match = RELEASE.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Whether `version` is `since` or newer. */
export function isAtLeast(version: EngineVersion, since: EngineVersion): boolean {
  if (version.major !== since.major) return version.major > since.major;
  if (version.minor !== since.minor) return version.minor > since.minor;
  return version.patch >= since.patch;
}

/** `0.30.0`, as `/version` and the documentation write it. */
export function formatVersion(version: EngineVersion): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}
