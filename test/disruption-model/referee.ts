import { LABELS, MEMBER } from '../../src/api/v1alpha1/constants.ts';
import type { Disruption } from '../../src/api/v1alpha1/status.ts';
import { RESOURCE_TYPES } from '../../src/controllers/vllm-deployment/resource-types.ts';
import type { ResourceType } from '../../src/kube/resource-type.ts';
import { readPod } from '../virtual-cluster/kinds.ts';
import type { ApiChange } from '../virtual-cluster/virtual-api.ts';
import { claimedOnce, cutOnlyAtDeadline, releasedClean } from './invariants/claims.ts';
import { markedOnlyByClaim, servingFloor } from './invariants/marks.ts';
import { onlyDeadDeleted, oneDeadAtATime } from './invariants/sickness.ts';
import {
  emptyBeforeRemoval,
  markedBeforeRemoval,
  oneVictimAClaim,
  onlyVictimsDeleted,
  removedUid,
  shrinkOf,
} from './invariants/removals.ts';
import { claimId, readFleet, type Invariant, type Judged, type Ledger } from './judged.ts';
import type { Attribute, View } from './operator-process.ts';
import type { World } from './world.ts';

/** What must hold at each change of the cluster, whoever makes it. */
const INVARIANTS = {
  markedOnlyByClaim,
  servingFloor,
  oneVictimAClaim,
  markedBeforeRemoval,
  emptyBeforeRemoval,
  onlyVictimsDeleted,
  releasedClean,
  claimedOnce,
  cutOnlyAtDeadline,
  onlyDeadDeleted,
  oneDeadAtATime,
} satisfies Readonly<Record<string, Invariant>>;

/** Looks at every change of the cluster at the moment it is made. */
export class Referee {
  readonly #world: World;
  readonly #ledger: Ledger = { shrunk: new Set(), removed: new Set(), takenAway: new Set(), emptied: [] };
  readonly #broken: string[] = [];
  #view: View | undefined;
  #insideBefore: ReadonlyMap<string, number> = new Map();

  constructor(world: World) {
    this.#world = world;
    world.cluster.api.onChange((type, change) => this.#judge(type, change));
  }

  /** Carries out a request of a process that knew so much. */
  readonly attribute: Attribute = (view, effect) => {
    const { engines } = this.#world.cluster;
    this.#view = view;
    this.#insideBefore = new Map(this.#world.pods.map(({ metadata: { uid } }) => [uid, engines.inside(uid)]));
    try {
      return effect();
    } finally {
      this.#view = undefined;
    }
  };

  /** @throws Error naming the first invariant that was broken */
  check(): void {
    const [first] = this.#broken;
    if (first !== undefined) throw new Error(first);
  }

  #judge(type: ResourceType, change: ApiChange): void {
    const fleet = readFleet(this.#world.fleet);
    const judged: Judged = {
      type,
      change,
      fleet,
      claims: fleet.status?.disruptions ?? [],
      world: this.#world,
      ledger: this.#ledger,
      view: this.#view,
      insideBefore: this.#insideBefore,
    };
    for (const [name, invariant] of Object.entries<Invariant>(INVARIANTS)) {
      const why = invariant(judged);
      if (why !== undefined) this.#broken.push(`${name}: ${why}`);
    }
    this.#note(judged);
  }

  #note(judged: Judged): void {
    const { shrunk, removed, takenAway, emptied } = this.#ledger;
    const shrink = shrinkOf(judged);
    if (shrink?.claim !== undefined) shrunk.add(claimId(shrink.claim));
    const uid = removedUid(judged);
    if (uid !== undefined) removed.add(uid);
    const { type, change } = judged;
    if (change.by !== 'kubectl') return;
    // Somebody else's size makes the next one another matter.
    if (type.plural === RESOURCE_TYPES.replicaSet.plural) shrunk.clear();
    if (type.plural === RESOURCE_TYPES.fleet.plural) emptied.push(...lostClaims(judged));
    if (type.plural !== RESOURCE_TYPES.pod.plural) return;
    const { labels, uid: pod } = readPod(change.object).metadata;
    const member = labels[LABELS.member];
    if (member !== MEMBER.true && member !== MEMBER.detached) takenAway.add(pod);
  }
}

function lostClaims({ change, claims }: Judged): readonly Disruption[] {
  const before = change.previous === undefined ? [] : (readFleet(change.previous).status?.disruptions ?? []);
  return before.filter((claim) => !claims.some((other) => claimId(other) === claimId(claim)));
}
