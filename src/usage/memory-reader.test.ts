import { describe, expect, test } from 'vitest';
import { WardenError } from '../errors.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import type { Log } from '../runtime/ports.ts';
import { silentLog } from '../runtime/silent.ts';
import { MemoryReader } from './memory-reader.ts';
import type { MeasuredEngine, MeasuredPod, UsageSource } from './usage-source.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GIB = 2 ** 30;

/** Figures that a test sets, in the place of a cluster. */
class Figures implements UsageSource {
  readonly pods = new Map<string, MeasuredPod>();
  readonly nodes = new Map<string, number>();
  readonly lists: string[] = [];
  readonly nodeReads: string[] = [];
  failure: { readonly kind: 'Unavailable'; readonly message: string } | WardenError | undefined;

  measure(name: string, atMs: number, bytes: number, namespace = 'default', container = 'engine'): void {
    const workingSetBytes = new Map([[container, bytes]]);
    this.pods.set(`${namespace}/${name}`, { namespace, name, atMs, workingSetBytes });
  }

  podMetrics(namespace: string): ReturnType<UsageSource['podMetrics']> {
    this.lists.push(namespace);
    if (this.failure instanceof WardenError) return Promise.reject(this.failure);
    if (this.failure !== undefined) return Promise.resolve(this.failure);
    const pods = [...this.pods.values()].filter((pod) => pod.namespace === namespace);
    return Promise.resolve({ kind: 'Listed', pods });
  }

  nodeMemory(name: string): Promise<number | undefined> {
    this.nodeReads.push(name);
    if (this.failure instanceof WardenError) return Promise.reject(this.failure);
    return Promise.resolve(this.nodes.get(name));
  }
}

interface Running extends AsyncDisposable {
  readonly reader: MemoryReader;
  readonly figures: Figures;
  readonly clock: ManualClock;
  readonly warnings: string[];
}

function running(): Running {
  const figures = new Figures();
  const clock = new ManualClock();
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message) };
  const reader = new MemoryReader({ source: figures, clock, log });
  const stop = new AbortController();
  const done = reader.run(stop.signal);
  return {
    reader,
    figures,
    clock,
    warnings,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      expect(clock.pendingTimers).toBe(0);
    },
  };
}

const born = new ManualClock().now() - HOUR;
const engine = (name: string, more: Partial<MeasuredEngine> = {}): MeasuredEngine => ({
  namespace: 'default',
  name,
  uid: `uid-${name}`,
  createdAtMs: born,
  nodeName: 'node-1',
  hasLimit: true,
  ...more,
});

describe('the memory of an engine', () => {
  test('is what its container was last measured to use, and goes with the engine', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    const atMs = clock.now() - 10_000;
    figures.measure('chat-1', atMs, 6 * GIB);
    reader.setEngines('default/chat', [engine('chat-1'), engine('chat-2')]);
    expect(reader.memory('uid-chat-1')).toBeUndefined();
    await clock.advance(5_000);
    expect(reader.memory('uid-chat-1')).toEqual({ atMs, workingSetBytes: 6 * GIB });
    expect(reader.memory('uid-chat-2')).toBeUndefined();
    reader.setEngines('default/chat', [engine('chat-2')]);
    expect(reader.memory('uid-chat-1')).toBeUndefined();
  });

  test('stays known while it is not measured anew, with its time', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    const atMs = clock.now();
    figures.measure('chat-1', atMs, GIB);
    reader.setEngines('default/chat', [engine('chat-1')]);
    await clock.advance(5_000);
    figures.pods.clear();
    await clock.advance(10 * MINUTE);
    expect(reader.memory('uid-chat-1')).toEqual({ atMs, workingSetBytes: GIB });
  });

  test('is not that of another pod which had its name before', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    figures.measure('chat-1', clock.now() - MINUTE, 9 * GIB);
    reader.setEngines('default/chat', [engine('chat-1', { createdAtMs: clock.now() - 1_000 })]);
    await clock.advance(5_000);
    expect(reader.memory('uid-chat-1')).toBeUndefined();
    figures.measure('chat-1', clock.now(), GIB);
    await clock.advance(MINUTE);
    expect(reader.memory('uid-chat-1')?.workingSetBytes).toBe(GIB);
  });

  test('is not that of a sidecar, nor of a pod of that name elsewhere', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    figures.measure('chat-1', clock.now(), GIB, 'default', 'sidecar');
    figures.measure('chat-2', clock.now(), GIB, 'other');
    reader.setEngines('default/chat', [engine('chat-1'), engine('chat-2')]);
    reader.setEngines('other/x', [engine('x', { namespace: 'other' })]);
    await clock.advance(MINUTE);
    expect(reader.memory('uid-chat-1')).toBeUndefined();
    expect(reader.memory('uid-chat-2')).toBeUndefined();
  });
});

describe('memory is listed', () => {
  test('once a minute for each namespace with engines, however many fleets it has', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    await clock.advance(MINUTE);
    expect(figures.lists).toEqual([]);
    reader.setEngines('default/chat', [engine('chat-1')]);
    reader.setEngines('default/code', [engine('code-1')]);
    reader.setEngines('other/x', [engine('x', { namespace: 'other' })]);
    await clock.advance(5 * MINUTE);
    expect(figures.lists.filter((namespace) => namespace === 'default')).toHaveLength(5);
    expect(figures.lists.filter((namespace) => namespace === 'other')).toHaveLength(5);
  });

  test('as often as a fleet of the namespace asks, but no more than every 5 s, and only there', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    reader.setEngines('default/chat', [engine('chat-1')]);
    reader.setEngines('default/leaky', [engine('leaky-1')], 1_000);
    reader.setEngines('other/x', [engine('x', { namespace: 'other' })]);
    await clock.advance(MINUTE);
    expect(figures.lists.filter((namespace) => namespace === 'default')).toHaveLength(12);
    expect(figures.lists.filter((namespace) => namespace === 'other')).toHaveLength(1);
    reader.setEngines('default/leaky', []);
    figures.lists.length = 0;
    await clock.advance(2 * MINUTE);
    expect(figures.lists.filter((namespace) => namespace === 'default')).toHaveLength(2);
  });
});

describe("the node's memory", () => {
  test('is read once an hour, for engines without a limit alone', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    figures.nodes.set('node-1', 64 * GIB);
    figures.measure('free', clock.now(), GIB);
    figures.measure('limited', clock.now(), GIB);
    reader.setEngines('default/chat', [
      engine('free', { hasLimit: false }),
      engine('also-free', { hasLimit: false }),
      engine('limited', { nodeName: 'node-2' }),
    ]);
    await clock.advance(HOUR - MINUTE);
    expect(figures.nodeReads).toEqual(['node-1']);
    expect(reader.memory('uid-free')?.nodeAllocatableBytes).toBe(64 * GIB);
    expect(reader.memory('uid-limited')).not.toHaveProperty('nodeAllocatableBytes');
    figures.nodes.set('node-1', 60 * GIB);
    await clock.advance(2 * MINUTE);
    expect(reader.memory('uid-free')?.nodeAllocatableBytes).toBe(60 * GIB);
  });

  test('that cannot be read is tried again after five minutes', async () => {
    await using run = running();
    const { reader, figures, clock, warnings } = run;
    figures.failure = new WardenError('ApiForbidden', 'GET /api/v1/nodes/node-1: 403');
    reader.setEngines('default/chat', [engine('free', { hasLimit: false })]);
    await clock.advance(4 * MINUTE);
    expect(figures.nodeReads).toHaveLength(1);
    expect(warnings.at(-1)).toContain("the node's memory is not known: GET /api/v1/nodes/node-1: 403");
    figures.failure = undefined;
    figures.nodes.set('node-1', GIB);
    figures.measure('free', clock.now(), GIB);
    await clock.advance(2 * MINUTE);
    expect(reader.memory('uid-free')?.nodeAllocatableBytes).toBe(GIB);
  });
});

describe('a cluster that measures nothing', () => {
  test('is told why, once in the log, and asked again until it does', async () => {
    await using run = running();
    const { reader, figures, clock, warnings } = run;
    figures.failure = { kind: 'Unavailable', message: 'the cluster serves no metrics.k8s.io' };
    reader.setEngines('default/chat', [engine('chat-1')]);
    await clock.advance(5 * MINUTE);
    expect(reader.unavailable('default')).toBe('the cluster serves no metrics.k8s.io');
    expect(warnings).toEqual(['memory is not measured: the cluster serves no metrics.k8s.io']);
    figures.failure = undefined;
    figures.measure('chat-1', clock.now(), GIB);
    await clock.advance(MINUTE);
    expect(reader.unavailable('default')).toBeUndefined();
    expect(reader.memory('uid-chat-1')?.workingSetBytes).toBe(GIB);
  });

  test('because a request fails keeps what was known', async () => {
    await using run = running();
    const { reader, figures, clock } = run;
    figures.measure('chat-1', clock.now(), GIB);
    reader.setEngines('default/chat', [engine('chat-1')]);
    await clock.advance(5_000);
    figures.failure = new WardenError('ApiServerError', 'GET …/pods: 503');
    await clock.advance(MINUTE);
    expect(reader.unavailable('default')).toBe('GET …/pods: 503');
    expect(reader.memory('uid-chat-1')?.workingSetBytes).toBe(GIB);
    reader.setEngines('default/chat', []);
    await clock.advance(MINUTE);
    expect(reader.unavailable('default')).toBeUndefined();
  });
});
