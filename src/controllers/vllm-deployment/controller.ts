import { CONDITIONS, FIELD_MANAGERS } from '../../api/v1alpha1/constants.ts';
import type { VLLMDeployment } from '../../api/v1alpha1/vllm-deployment.ts';
import type { EngineSample } from '../../engine/sample.ts';
import { asWardenError, classify, type WardenError } from '../../errors.ts';
import { decideFleet, type FleetDecision } from '../../fleet/decide-fleet.ts';
import { planFleet, type Action } from '../../fleet/plan.ts';
import { buildStatus, type WrittenStatus } from '../../fleet/status.ts';
import { claimsKey, differsInSubstance } from '../../fleet/substance.ts';
import type { HistoryStore } from '../../history/history-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ReconcileContext, ReconcileResult } from '../../runtime/controller.ts';
import type { EventRecorder } from '../../runtime/event-recorder.ts';
import { keyOf, type ReconcileRequest } from '../../runtime/keys.ts';
import type { InvalidObject } from '../../runtime/store.ts';
import type { WriteBarrier } from '../../runtime/write-barrier.ts';
import type { Prober } from '../../probe/prober.ts';
import { readingMs } from '../../rules/leaks/settings.ts';
import type { MemoryReader } from '../../usage/memory-reader.ts';
import type { Scraper } from '../../scraper/scraper.ts';
import { SIGNALS } from '../../signals/catalogue.ts';
import type { FleetSnapshot } from '../../snapshot/fleet-snapshot.ts';
import type { Caches } from './caches.ts';
import { describeAction } from './describe-action.ts';
import { claimEvents, noticeEvents } from './claim-events.ts';
import { transitionEvents } from './events.ts';
import { Executor } from './execute.ts';
import { afterChange, recallState, type FleetState } from './fleet-states.ts';
import { gather, gatherTraffic, measuredEngines, scrapeTargets } from './gather.ts';
import { Histories } from './histories.ts';
import { RESOURCE_TYPES } from './resource-types.ts';
import { SizeDates } from './size-dates.ts';

/** Hooks for telemetry. */
export interface FleetMetrics {
  /** A pass has decided: the sizes are in engines. */
  decided(fleet: string, sizes: { readonly current: number; readonly desired: number }): void;
  /** A fleet is gone. */
  forgotten(fleet: string): void;
}

export interface FleetControllerOptions {
  readonly kube: KubeClient;
  readonly caches: Caches;
  readonly barrier: WriteBarrier;
  readonly scraper: Pick<Scraper, 'setTargets' | 'history' | 'version'>;
  readonly prober: Pick<Prober, 'ask' | 'record' | 'keep'>;
  readonly usage: Pick<MemoryReader, 'setEngines' | 'memory' | 'unavailable'>;
  readonly histories: Pick<HistoryStore, 'load' | 'save' | 'problem'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly metrics: FleetMetrics;
  /** How often the figures in a status are refreshed when nothing of substance changes. */
  readonly statusRefreshMs: number;
}

/** Brings fleets closer to their specs: gather → decide → plan → execute → status, one pass at a time each. */
export class FleetController {
  readonly #options: FleetControllerOptions;
  readonly #executor: Executor;
  readonly #histories: Histories;
  readonly #states = new Map<string, FleetState>();
  readonly #sizeDates = new SizeDates();
  /** By key: the generation whose invalid spec was reported. */
  readonly #reported = new Map<string, number>();

  constructor(options: FleetControllerOptions) {
    this.#options = options;
    this.#executor = new Executor(options.kube, options.caches, options.barrier, options.prober);
    this.#histories = new Histories(options.histories);
  }

  /** One pass over one fleet; see `runtime/controller.ts` for the contract. */
  async reconcile(request: ReconcileRequest, context: ReconcileContext): Promise<ReconcileResult> {
    const { caches } = this.#options;
    const key = keyOf(request);
    const invalid = caches.fleets.invalid(key);
    if (invalid !== undefined) return this.#reportInvalid(key, invalid, context);
    const fleet = caches.fleets.get(key);
    if (fleet === undefined) return this.#forget(key);
    this.#reported.delete(key);
    return this.#pass(key, fleet, context);
  }

  async #pass(key: string, fleet: VLLMDeployment, context: ReconcileContext): Promise<ReconcileResult> {
    const { caches, scraper, usage, prober, metrics } = this.#options;
    scraper.setTargets(key, scrapeTargets(fleet, caches));
    const { uid } = fleet.metadata;
    const known = this.#states.get(uid);
    usage.setEngines(key, measuredEngines(fleet, caches), readingMs(fleet.spec));
    const senses = { pages: scraper, usage, prober };
    const snapshot = gather(fleet, caches, senses, {
      nowMs: context.now,
      watchedSinceMs: known?.watchedSinceMs ?? context.now,
      sizeDates: this.#sizeDates,
    });
    const before = await this.#recall(known ?? recallState(snapshot, context.now), uid, context);
    const { decision, memory } = decideFleet(snapshot, before.memory, context.now);
    this.#histories.keep(uid, key, memory.health, context.now);
    metrics.decided(key, decision.size);
    const { notices } = decision.disruption;
    const news = notices.filter(({ subject }) => !before.noticed.has(subject));
    for (const event of noticeEvents(fleet, news)) this.#options.events.record(event);
    this.#states.set(uid, { ...before, memory, noticed: new Set(notices.map(({ subject }) => subject)) });
    const { failure, resourceVersion } = await this.#carryOut(
      planFleet(snapshot, decision),
      snapshot,
      decision,
      context,
    );
    const metadata = { ...fleet.metadata, resourceVersion };
    const historyProblem = this.#histories.problem(uid);
    const shown = {
      ...snapshot,
      fleet: { ...fleet, metadata },
      ...shownFailure(failure),
      ...(historyProblem !== undefined && { historyProblem }),
    };
    await this.#writeStatus(shown, decision, context);
    if (failure !== undefined) throw failure;
    return { requeueAfterMs: fleet.spec.engine.metrics.intervalSeconds * 1000 };
  }

  /** The state with what the leader before had learned of leaks, once that can be read. */
  async #recall(state: FleetState, uid: string, context: ReconcileContext): Promise<FleetState> {
    const history = await this.#histories.recall(uid, context.now, context.signal);
    if (history === undefined) return state;
    return { ...state, memory: { ...state.memory, health: { ...state.memory.health, ...history } } };
  }

  /**
   * Carries out the actions in order, up to the first that fails; what failed is returned, not thrown. Also returns the
   * version of the fleet, which moves with its claims.
   */
  async #carryOut(
    actions: readonly Action[],
    snapshot: FleetSnapshot,
    decision: FleetDecision,
    context: ReconcileContext,
  ): Promise<{ readonly failure?: WardenError; readonly resourceVersion: string }> {
    const { uid } = snapshot.fleet.metadata;
    let { resourceVersion } = snapshot.fleet.metadata;
    for (const action of actions) {
      try {
        resourceVersion = (await this.#executor.execute(action, snapshot, context.signal)) ?? resourceVersion;
      } catch (error) {
        return { failure: asWardenError(error), resourceVersion };
      }
      context.log.info({ action: action.kind, reason: decision.size.reason }, describeAction(action));
      const state = this.#states.get(uid);
      if ('change' in action && action.change !== undefined && state !== undefined) {
        this.#states.set(uid, afterChange(state, action.change, decision.size, context.now));
      }
      if (action.kind === 'WriteClaims') {
        for (const event of claimEvents(snapshot.fleet, action, decision)) this.#options.events.record(event);
      }
    }
    return { resourceVersion };
  }

  async #writeStatus(
    snapshot: FleetSnapshot,
    decision: FleetDecision,
    context: ReconcileContext,
  ): Promise<void> {
    const { kube, barrier, caches, scraper, events, statusRefreshMs } = this.#options;
    const { metadata, status: previous } = snapshot.fleet;
    const state = this.#states.get(metadata.uid) ?? recallState(snapshot, context.now);
    const build = (shown: FleetSnapshot): WrittenStatus =>
      buildStatus(shown, decision, state.history, context.now);
    const isDue = context.now - state.statusWrittenAtMs >= statusRefreshMs;
    const key = claimsKey(previous);
    if (!isDue && key === state.claimsShown && !differsInSubstance(previous, build(snapshot))) return;
    const traffic = gatherTraffic(snapshot.fleet, caches, scraper, context.now);
    const status = build({ ...snapshot, traffic });
    const written = await kube.applyStatus(
      RESOURCE_TYPES.fleet,
      metadata,
      status,
      FIELD_MANAGERS.status,
      context.signal,
    );
    barrier.wrote(keyOf(metadata), caches.fleets, written.resourceVersion);
    this.#states.set(metadata.uid, { ...state, statusWrittenAtMs: context.now, claimsShown: key });
    for (const event of transitionEvents(snapshot.fleet, previous, status)) events.record(event);
  }

  #forget(key: string): ReconcileResult {
    this.#options.scraper.setTargets(key, []);
    this.#options.usage.setEngines(key, []);
    this.#options.prober.keep(new Set(this.#options.caches.pods.list().map(({ metadata }) => metadata.uid)));
    this.#options.metrics.forgotten(key);
    this.#reported.delete(key);
    const living = new Set(this.#options.caches.fleets.list().map(({ metadata }) => metadata.uid));
    for (const uid of this.#states.keys()) if (!living.has(uid)) this.#states.delete(uid);
    this.#histories.forgetAllBut(living);
    this.#sizeDates.keep(
      new Set(this.#options.caches.replicaSets.list().map(({ metadata }) => metadata.uid)),
    );
    return {};
  }

  /** An object that passed an older CRD, or none: its engines go on as they are, and its status says why. */
  async #reportInvalid(
    key: string,
    { meta, message }: InvalidObject,
    context: ReconcileContext,
  ): Promise<ReconcileResult> {
    const generation = meta.generation ?? 0;
    if (this.#reported.get(key) === generation) return {};
    const sentence = `the spec cannot be read: ${message}`.slice(0, 1024);
    const status: WrittenStatus = {
      observedGeneration: generation,
      conditions: [
        {
          type: CONDITIONS.stalled,
          status: 'True',
          reason: 'InvalidSpec',
          message: sentence,
          lastTransitionTime: new Date(context.now).toISOString(),
          observedGeneration: generation,
        },
      ],
      summary: { ready: '?', desired: '?', waiting: '?', kv: '?', state: 'Stalled' },
      why: [`Stalled: ${sentence}`],
    };
    await this.#options.kube.applyStatus(
      RESOURCE_TYPES.fleet,
      meta,
      status,
      FIELD_MANAGERS.status,
      context.signal,
    );
    this.#reported.set(key, generation);
    return {};
  }
}

/** What a failed action adds to the status: nothing, when the next pass will most likely do better. */
function shownFailure(failure: WardenError | undefined): Pick<FleetSnapshot, 'stalled' | 'failure'> {
  if (failure === undefined) return {};
  const { handling, reason, message } = classify(failure);
  if (handling === 'Stalled') return { stalled: { reason, message } };
  return handling === 'Transient' || handling === 'Bug' ? { failure: { reason, message } } : {};
}

/** True when a page shows load that should not wait for the next pass. */
export function isUrgent(fleet: VLLMDeployment, sample: EngineSample): boolean {
  const targets = fleet.spec.scaling?.targets;
  if (targets === undefined) return false;
  const page = [[{ atMs: 0, sample }]];
  const waiting = SIGNALS.queueDepth.compute(page) ?? 0;
  return waiting > targets.queueDepth || (SIGNALS.kvCacheUsage.compute(page) ?? 0) > targets.kvCacheUsage;
}
