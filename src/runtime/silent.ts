import type { Log, RuntimeMetrics } from './ports.ts';

const nothing = (): void => undefined;

/** For one-shot commands and tests that have nobody to tell. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};

/** For one-shot commands and tests that export no metrics. */
export const silentMetrics: RuntimeMetrics = {
  queueDepth: nothing,
  queueAdd: nothing,
  queueRetry: nothing,
  queueSeconds: nothing,
  reconciled: nothing,
  activeWorkers: nothing,
  listed: nothing,
  watchEvent: nothing,
  watchFailed: nothing,
  eventDropped: nothing,
  leader: nothing,
};
