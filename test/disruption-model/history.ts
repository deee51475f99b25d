import { ERROR_CATALOGUE } from '../../src/errors.ts';
import { carryOut, makeWhole } from './acts.ts';
import { OperatorProcess, type Interruption, type PassEnd } from './operator-process.ts';
import { OperatorWatches } from './operator-watches.ts';
import { Referee } from './referee.ts';
import { standsBack, unsettled } from './settled.ts';
import type { ClusterPart, Step, Stop, WorldStep } from './steps.ts';
import { FLEET_KEY, World, type Setting } from './world.ts';

/** Within so many seconds in which everybody does what is due, every fleet settles. */
const PATIENCE_SECONDS = 400;
/** An engine that has finished nothing yet is proved dead after 330 s at the earliest; one goes after the other. */
const SICK_PATIENCE_SECONDS = 800;

/** The operator leaves the size alone until ten minutes after the last of more than two writes by others. */
const STANDING_BACK_SECONDS = 600;

/** The part of the seconds in which each controller of the cluster does something, before all must end well. */
const LAZY = 0.7;

/** A pass comes when something has changed, and at the latest after so long. */
const PASS_EVERY_MS = 2000;

/** A world in which a history takes place, step by step. */
export class History {
  readonly world: World;
  readonly #referee: Referee;
  readonly #watches: OperatorWatches;
  #leader: OperatorProcess;
  #passedAtMs = 0;
  /** Leaders that were suspended and believe that they still lead. */
  readonly #sleepers: OperatorProcess[] = [];

  constructor(setting: Setting) {
    this.world = new World(setting);
    this.#referee = new Referee(this.world);
    this.#watches = new OperatorWatches(this.world.cluster.api);
    this.#leader = this.#begin();
  }

  /** @throws Error when a step breaks an invariant */
  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#step(step);
      this.#referee.check();
    }
  }

  /** @throws Error when the fleet does not settle, though nobody else does anything and there is room for all */
  async settle(): Promise<void> {
    makeWhole(this.world);
    this.#leader.interrupt(undefined);
    let why: string | undefined = 'nothing was tried';
    let patience = this.world.isSick ? SICK_PATIENCE_SECONDS : PATIENCE_SECONDS;
    for (let second = 0; second < patience && why !== undefined; second += 1) {
      await this.#second();
      this.#referee.check();
      why = unsettled(this.world);
      if (standsBack(this.world)) patience = PATIENCE_SECONDS + STANDING_BACK_SECONDS;
    }
    if (why !== undefined) throw new Error(`ends: after ${patience} s there is still this: ${why}`);
  }

  #begin(): OperatorProcess {
    return new OperatorProcess(this.world.cluster, this.#watches, FLEET_KEY, this.#referee.attribute);
  }

  async #step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'Cluster':
      case 'Foreign':
        return this.#worldStep(step);
      case 'Run':
        for (let second = 0; second < step.seconds; second += 1) {
          await this.#second(step.isPrompt === true ? 1 : LAZY);
        }
        return;
      case 'Tick':
        for (let second = 0; second < step.seconds; second += 1) this.#tick();
        return;
      case 'Deliver':
        this.#leader.deliver(step.store, step.most);
        return;
      case 'Pass':
        return this.#pass();
      case 'Stop':
        return this.#leader.interrupt(this.#interruption(step.stop));
      case 'NewLeader':
        this.#leader = this.#begin();
        return;
      case 'Wake':
        return this.#wakeOne(step.calls);
    }
  }

  async #second(share = 1): Promise<void> {
    this.#tick();
    this.world.cluster.settle(share);
    const isDue = this.world.cluster.nowMs - this.#passedAtMs >= PASS_EVERY_MS;
    if (this.#leader.deliverAll() > 0 || isDue) await this.#pass();
  }

  #tick(): void {
    this.world.cluster.advance(1);
    this.world.traffic.step();
    this.#leader.pages.read(this.world.cluster.nowMs);
  }

  async #pass(): Promise<void> {
    this.#passedAtMs = this.world.cluster.nowMs;
    const end = await this.#leader.pass(this.world.cluster.nowMs);
    if (end !== 'Crashed' && end !== 'Suspended') return expectNoBug(end);
    if (end === 'Suspended') this.#sleepers.push(this.#leader);
    this.#leader = this.#begin();
  }

  /** A sleeper goes on for some requests, then it is suspended again. */
  async #wakeOne(calls: number): Promise<void> {
    const sleeper = this.#sleepers.shift();
    if (sleeper === undefined) return;
    sleeper.interrupt({ atCall: calls + 1, when: 'Before', ending: 'Suspend', meanwhile: () => undefined });
    const end = await sleeper.wake();
    if (end === 'Suspended') this.#sleepers.push(sleeper);
    else if (end !== 'Crashed') expectNoBug(end);
  }

  #interruption({ meanwhile, ...stop }: Stop): Interruption {
    return { ...stop, meanwhile: () => meanwhile.forEach((step) => this.#worldStep(step)) };
  }

  #worldStep(step: WorldStep): void {
    if (step.kind === 'Cluster') this.#clusterStep(step.part);
    else carryOut(step.act, step.which, this.world);
  }

  #clusterStep(part: ClusterPart): void {
    const { cluster, traffic } = this.world;
    switch (part) {
      case 'ReplicaSets':
        return cluster.stepReplicaSets();
      case 'ReplicaSetsSeePods':
        cluster.replicaSets.podFeed.deliver();
        return;
      case 'ReplicaSetsSeeSizes':
        cluster.replicaSets.setFeed.deliver();
        return;
      case 'Scheduler':
        return cluster.scheduler.step();
      case 'Kubelet':
        return cluster.kubelet.step();
      case 'EndpointSlices':
        return cluster.stepEndpointSlices();
      case 'GarbageCollector':
        return cluster.stepGarbageCollector();
      case 'Traffic':
        return traffic.step();
    }
  }
}

/** @throws Error for an error that should not happen, whatever the cluster does */
function expectNoBug(end: Exclude<PassEnd, 'Crashed' | 'Suspended'>): void {
  if (typeof end === 'string' || ERROR_CATALOGUE[end.code] !== 'Bug') return;
  throw new Error(`noBugs: a pass failed with ${end.code}: ${end.message}`, { cause: end });
}
