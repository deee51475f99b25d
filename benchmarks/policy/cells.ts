import type { FleetConfig } from '../../src/simulator/fleet/types.ts';
import type { ProfileName } from '../../src/simulator/model/profiles.ts';

/** Circumstances of a run, beside the load. */
export interface Cell {
  readonly name: string;
  readonly profile: ProfileName;
  readonly startupSeconds: number;
  readonly routing: FleetConfig['routing'];
  readonly prefixCaching: boolean;
}

export const BASE_CELL: Cell = {
  name: 'base',
  profile: 'llama3.1-8b/L40Sx1',
  startupSeconds: 120,
  routing: 'LessLoadedOfTwo',
  prefixCaching: false,
};

/** Every axis varied alone. */
export const OTHER_CELLS: readonly Cell[] = [
  { ...BASE_CELL, name: '8B on H100', profile: 'llama3.1-8b/H100x1' },
  { ...BASE_CELL, name: '8B on A100', profile: 'llama3.1-8b/A100x1' },
  { ...BASE_CELL, name: '70B on 4×H100', profile: 'llama3.1-70b/H100x4' },
  { ...BASE_CELL, name: '75 s to start', startupSeconds: 75 },
  { ...BASE_CELL, name: '240 s to start', startupSeconds: 240 },
  { ...BASE_CELL, name: 'random routing', routing: 'Random' },
];

/** Of use where prompts share prefixes. */
export const PREFIX_CACHING_CELL: Cell = { ...BASE_CELL, name: 'prefix caching', prefixCaching: true };
