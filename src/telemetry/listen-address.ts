import { WardenError } from '../errors.ts';

export interface ListenAddress {
  /** Undefined: all interfaces. */
  readonly host: string | undefined;
  /** 0: one that is free. */
  readonly port: number;
}

/**
 * Reads `[host]:port` as Kubernetes components write it: `:8080`, `127.0.0.1:0`, `[::1]:8080`.
 *
 * @param flag the option that holds it, for the error
 * @throws WardenError `ConfigInvalid`
 */
export function parseListenAddress(flag: string, text: string): ListenAddress {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? NaN);
  if (match === null || port > 65_535) {
    throw new WardenError('ConfigInvalid', `${flag} is ${JSON.stringify(text)}.`, {
      remedy: 'Give [host]:port with a port up to 65535, e.g. :8080 or 127.0.0.1:8080.',
    });
  }
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? undefined : host, port };
}
