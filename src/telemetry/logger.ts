import { pino, stdTimeFunctions, type DestinationStream } from 'pino';
import type { Log } from '../runtime/ports.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields that may hold a credential, wherever a log call nests them up to two levels deep. */
const SECRET_FIELDS = ['authorization', 'cookie', 'token', 'password', 'apiKey', 'data', 'stringData'];
const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/**
 * The operator's log: one JSON object a line on stdout, with an ISO time and the level by name. Credentials are
 * replaced by `[Redacted]`, and so are the `data` of Secrets and ConfigMaps.
 *
 * @param destination where lines go instead of stdout
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: REDACTED_PATHS,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
