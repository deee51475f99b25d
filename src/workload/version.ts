import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import { parseVersion, type EngineVersion } from '../engine/version.ts';

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
