import type { EngineSample } from '../../../src/engine/sample.ts';
import type { EngineView, FleetView } from '../../../src/simulator/fleet/types.ts';
import { engineConfigOf } from '../../../src/simulator/model/engine-config.ts';
import { ENGINE_PROFILES } from '../../../src/simulator/model/profiles.ts';
import { CHAT } from '../scenarios/types.ts';
import type { PolicySetting } from './types.ts';

/** For tests: what somebody who sets a policy up on an L40S knows. */
export const SETTING: PolicySetting = {
  engine: engineConfigOf(ENGINE_PROFILES['llama3.1-8b/L40Sx1']),
  targets: CHAT,
  seatsPerEngine: 40,
  maxReplicas: 100,
};

/** For tests: a fleet whose engines show the given figures; `undefined` is one that starts. */
export function viewOf(
  nowMs: number,
  figures: readonly (Pick<EngineSample, 'running' | 'waiting' | 'kvCacheUsage'> | undefined)[],
): FleetView {
  return { nowMs, size: figures.length, engines: figures.map(engineView) };
}

function engineView(figures: Partial<EngineSample> | undefined, index: number): EngineView {
  const name = `engine-${index}`;
  const sample =
    figures === undefined
      ? undefined
      : { histograms: {}, ranks: [], dialect: 'v1-0.32', models: [], notObservable: {}, ...figures };
  return {
    draining: false,
    ...(sample !== undefined && { sample }),
    snapshot: {
      uid: name,
      name,
      revision: 'a',
      replicaSet: 'a',
      resourceVersion: '1',
      createdAtMs: 0,
      restarts: 0,
      isMember: true,
      isListed: sample !== undefined,
      lifecycle: sample === undefined ? 'Loading' : 'Ready',
      page: { state: 'Missing', reason: 'NoPageYet', message: 'not read by a peer' },
    },
  };
}
