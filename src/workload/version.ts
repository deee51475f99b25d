import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';

/** A release of vLLM, as far as flags depend on it; suffixes such as `.post2` or `-cu129` do not. */
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

/** The version that a `vX.Y.Z` tag tells; a digest, no tag, or a tag of another form tells none. */
export function versionOfImage(image: string): EngineVersion | undefined {
  const reference = image.split('@', 1)[0] ?? '';
  const tag = /:(v[^:/]+)$/.exec(reference)?.[1];
  return tag === undefined ? undefined : parseVersion(tag.slice(1));
}

/** `engine.version`, else the version that the image's tag tells, else undefined. */
export function engineVersion(
  engine: Pick<VLLMDeploymentSpec['engine'], 'image' | 'version'>,
): EngineVersion | undefined {
  if (engine.version !== undefined) return parseVersion(engine.version);
  return engine.image === undefined ? undefined : versionOfImage(engine.image);
}

/** Whether `version` is `since` or newer; false when the version is unknown. */
export function isAtLeast(version: EngineVersion | undefined, since: EngineVersion): boolean {
  if (version === undefined) return false;
  if (version.major !== since.major) return version.major > since.major;
  if (version.minor !== since.minor) return version.minor > since.minor;
  return version.patch >= since.patch;
}

/** `0.30.0`, as `/version` and the documentation write it. */
export function formatVersion(version: EngineVersion): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}
