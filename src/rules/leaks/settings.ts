import type { SignatureName } from '../../api/v1alpha1/remediation.ts';
import type { VLLMDeploymentSpec } from '../../api/v1alpha1/spec.ts';
import { allowedGrowthBytes } from './allowed-growth.ts';

/** The signatures of what is booked ahead. */
export type LeakSignature = Extract<SignatureName, 'HostMemoryLeak' | 'KVBlockLeak'>;

export interface LeakSignatureSettings {
  readonly isWatched: boolean;
  /** Minutes that the signature calls an hour. */
  readonly windowMinutes: number;
}

export interface LeakSettings {
  readonly hostMemory: LeakSignatureSettings;
  readonly kvBlocks: LeakSignatureSettings;
  readonly allowedGrowthBytes: number;
}

/** What a fleet's spec says of leaks; `Advisory` watches as `Auto` does. */
export function leakSettings(spec: VLLMDeploymentSpec): LeakSettings {
  return {
    hostMemory: settingsOf(spec, 'HostMemoryLeak'),
    kvBlocks: settingsOf(spec, 'KVBlockLeak'),
    allowedGrowthBytes: allowedGrowthBytes(spec),
  };
}

function settingsOf({ remediation }: VLLMDeploymentSpec, name: LeakSignature): LeakSignatureSettings {
  const own = remediation.signatures.find((signature) => signature.name === name);
  return {
    isWatched: (own?.mode ?? remediation.mode) !== 'Off',
    windowMinutes: own?.windowMinutes ?? HOUR_MINUTES,
  };
}

const HOUR_MINUTES = 60;

/** Minutes that the signature calls an hour. */
export function windowMinutesOf({ remediation }: VLLMDeploymentSpec, name: SignatureName): number {
  const own = remediation.signatures.find((signature) => signature.name === name);
  return own?.windowMinutes ?? HOUR_MINUTES;
}

/** How often memory is to be read, in milliseconds: sixty times in what the signature calls an hour. */
export function readingMs(spec: VLLMDeploymentSpec): number {
  return windowMinutesOf(spec, 'HostMemoryLeak') * 1000;
}
