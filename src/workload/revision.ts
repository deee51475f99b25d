import { createHash } from 'node:crypto';
import { isJsonObject } from '../api/json.ts';
import { FREE_FIELDS, POD_FIELDS, SPEC_DEFAULTS } from '../api/v1alpha1/pod-fields.ts';
import type { VLLMDeploymentSpec } from '../api/v1alpha1/spec.ts';
import { formatVersion } from '../engine/version.ts';
import { canonicalJson, withoutDefaults } from './canonical-json.ts';
import { versionOfImage } from './version.ts';

/** Crockford's base 32 in lower case: 32 characters that may end a DNS label. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 8;

/**
 * The revision of a spec: eight base-32 characters (40 bits) of a SHA-256 over canonical JSON of the fields
 * that shape the pods, those equal to their default left out. It depends on what the user asked for, never on
 * what this release of the operator makes of it: upgrading the operator restarts no engine, and a field that
 * a later release adds changes no revision until somebody sets it.
 */
export function revisionOf(spec: VLLMDeploymentSpec): string {
  const own = withoutDerivedDefaults(spec);
  const shaping = Object.fromEntries(
    POD_FIELDS.map((path) => [path, withoutDefaults(shapingPart(own, path), at(SPEC_DEFAULTS, path))]),
  );
  const digest = createHash('sha256').update(canonicalJson(shaping)).digest();
  let bits = digest.readUIntBE(0, 5);
  let text = '';
  for (let index = 0; index < LENGTH; index += 1) {
    text = ALPHABET.charAt(bits % ALPHABET.length) + text;
    bits = Math.floor(bits / ALPHABET.length);
  }
  return text;
}

/** Two fields take their default from another one: the served name, and the version that the tag tells. */
function withoutDerivedDefaults(spec: VLLMDeploymentSpec): VLLMDeploymentSpec {
  const { servedName, ...model } = spec.model;
  const { version, ...engine } = spec.engine;
  return {
    ...spec,
    model: servedName === spec.model.name ? model : spec.model,
    engine: version !== undefined && version === taggedVersion(spec.engine.image) ? engine : spec.engine,
  };
}

/** What stands at a path, without the members that shape no pod. */
function shapingPart(spec: VLLMDeploymentSpec, path: string): unknown {
  const value = at(spec, path);
  if (!isJsonObject(value)) return value;
  const free = new Set<string>(FREE_FIELDS);
  return Object.fromEntries(Object.entries(value).filter(([key]) => !free.has(`${path}.${key}`)));
}

function taggedVersion(image: string | undefined): string | undefined {
  const version = image === undefined ? undefined : versionOfImage(image);
  return version === undefined ? undefined : formatVersion(version);
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((member, key) => (isJsonObject(member) ? member[key] : undefined), value);
}
