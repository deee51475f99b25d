import type { Read } from './window.ts';

/** Requests that ended, for whatever reason, since the server started. */
export const finished: Read = ({ requests }) =>
  requests === undefined ? undefined : Object.values(requests).reduce((sum, count) => sum + count, 0);

/** All requests that the engine holds: those that run, and those that wait for whatever. */
export const inside: Read = ({ running, waiting }) =>
  running === undefined || waiting === undefined ? undefined : running + waiting;
