import type { Senses } from '../../src/controllers/vllm-deployment/gather.ts';
import type { FleetControllerOptions } from '../../src/controllers/vllm-deployment/controller.ts';

/** Neither memory nor probes: what an operator knows without metrics-server that asked for no token. */
export const NO_USAGE: FleetControllerOptions['usage'] = {
  setEngines: () => undefined,
  memory: () => undefined,
  unavailable: () => undefined,
};
export const NO_PROBES: FleetControllerOptions['prober'] = {
  ask: () => undefined,
  record: () => undefined,
  keep: () => undefined,
};

/** Nothing was ever kept, and nothing is. */
export const NO_HISTORIES: FleetControllerOptions['histories'] = {
  load: () => Promise.resolve({ kind: 'None' }),
  save: () => ({ kind: 'Accepted' }),
  problem: () => undefined,
};

/** These pages, and nothing else. */
export function sensesOf(pages: Senses['pages']): Senses {
  return { pages, usage: NO_USAGE, prober: NO_PROBES };
}
