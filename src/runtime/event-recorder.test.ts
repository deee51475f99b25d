import { describe, expect, test } from 'vitest';
import { WardenError, type ErrorCode } from '../errors.ts';
import { EventRecorder, type NewEvent } from './event-recorder.ts';
import { ManualClock } from './manual-clock.ts';
import type { EventRecord, EventSink } from './ports.ts';
import { silentLog, silentMetrics } from './silent.ts';

const FLEET = {
  apiVersion: 'vllm.warden.dev/v1alpha1',
  kind: 'VLLMDeployment',
  namespace: 'ns',
  name: 'chat',
  uid: 'u1',
};

const scaled: NewEvent = {
  regarding: FLEET,
  type: 'Normal',
  reason: 'ScaledUp',
  action: 'Scale',
  note: 'scaled from 2 to 3 engines',
};

interface Harness {
  readonly recorder: EventRecorder;
  readonly clock: ManualClock;
  readonly written: string[];
  readonly created: EventRecord[];
  readonly dropped: string[];
  /** What the next writes fail with, in order; `hang` never answers. */
  readonly faults: (ErrorCode | 'hang')[];
}

function harness(): Harness {
  const clock = new ManualClock();
  const written: string[] = [];
  const created: EventRecord[] = [];
  const dropped: string[] = [];
  const faults: (ErrorCode | 'hang')[] = [];
  const answer = async (verb: string, event: EventRecord, signal: AbortSignal): Promise<void> => {
    const fault = faults.shift();
    if (fault === 'hang')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    else if (fault !== undefined) throw new WardenError(fault, fault);
    written.push(`${verb} ${event.reason} ×${event.series?.count ?? 1}`);
    if (verb === 'create') created.push(event);
  };
  const sink: EventSink = {
    create: (event, signal) => answer('create', event, signal),
    updateSeries: (event, signal) => answer('update', event, signal),
  };
  const recorder = new EventRecorder({
    sink,
    clock,
    random: () => 0.5,
    log: silentLog,
    metrics: { ...silentMetrics, eventDropped: (reason) => void dropped.push(reason) },
  });
  return { recorder, clock, written, created, dropped, faults };
}

describe('an event recorder', () => {
  test('writes a first event at once, and counts its repeats into the same object', async () => {
    const { recorder, clock, written, created } = harness();
    recorder.record(scaled);
    await clock.advance(10_000);
    recorder.record(scaled);
    recorder.record(scaled);
    await clock.advance(60_000);
    expect(written).toEqual(['create ScaledUp ×1', 'update ScaledUp ×3']);
    expect(created[0]).toMatchObject({
      regarding: FLEET,
      note: scaled.note,
      eventTimeMs: Date.UTC(2026, 0, 1),
    });
    expect(created[0]?.name).toMatch(/^chat\.[0-9a-f]+$/);
  });

  test('writes a series at most once a minute', async () => {
    const { recorder, clock, written } = harness();
    for (let second = 0; second < 180; second += 1) {
      recorder.record(scaled);
      await clock.advance(1_000);
    }
    expect(written).toEqual([
      'create ScaledUp ×1',
      'update ScaledUp ×60',
      'update ScaledUp ×120',
      'update ScaledUp ×180',
    ]);
  });

  test('goes on with a series after quiet minutes, if fewer than six', async () => {
    const { recorder, clock, written } = harness();
    recorder.record(scaled);
    await clock.advance(5 * 60_000);
    recorder.record(scaled);
    await clock.advance(60_000);
    expect(written).toEqual(['create ScaledUp ×1', 'update ScaledUp ×2']);
  });

  test('starts a new series after six quiet minutes, and then holds no timer', async () => {
    const { recorder, clock, written } = harness();
    recorder.record(scaled);
    await clock.advance(6 * 60_000);
    recorder.record(scaled);
    await clock.advance(0);
    expect(written).toEqual(['create ScaledUp ×1', 'create ScaledUp ×1']);
    await clock.advance(8 * 60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([
    { name: 'another note is another event', change: { note: 'scaled from 3 to 4 engines' }, events: 2 },
    { name: 'another object is another event', change: { regarding: { ...FLEET, uid: 'u2' } }, events: 2 },
    { name: 'the same once more is not', change: {}, events: 1 },
  ])('$name', async ({ change, events }) => {
    const { recorder, clock, written } = harness();
    recorder.record(scaled);
    recorder.record({ ...scaled, ...change });
    await clock.advance(0);
    expect(written).toHaveLength(events);
  });

  test('a dedupe key joins events whose notes differ in figures only', async () => {
    const { recorder, clock, written } = harness();
    recorder.record({ ...scaled, dedupeKey: 'up' });
    recorder.record({ ...scaled, dedupeKey: 'up', note: 'scaled from 3 to 4 engines' });
    await clock.advance(60_000);
    expect(written).toEqual(['create ScaledUp ×1', 'update ScaledUp ×2']);
  });

  test('tries again after an outage, twelve times in all, then drops and counts the event', async () => {
    const { recorder, clock, written, dropped, faults } = harness();
    faults.push(...Array.from({ length: 11 }, () => 'ApiUnreachable' as const));
    recorder.record(scaled);
    await clock.advance(300_000);
    expect([written, dropped]).toEqual([['create ScaledUp ×1'], []]);
    faults.push(...Array.from({ length: 12 }, () => 'ApiUnreachable' as const));
    recorder.record({ ...scaled, reason: 'Second' });
    recorder.record({ ...scaled, reason: 'Third' });
    await clock.advance(300_000);
    expect(written).toEqual(['create ScaledUp ×1', 'create Third ×1']);
    expect(dropped).toEqual(['ApiUnreachable']);
  });

  test('does not retry what the API refuses for good', async () => {
    const { recorder, clock, written, dropped, faults } = harness();
    faults.push('ApiInvalid');
    recorder.record(scaled);
    await clock.advance(60_000);
    expect([written, dropped]).toEqual([[], ['ApiInvalid']]);
  });

  test('creates the event anew when its object has expired', async () => {
    const { recorder, clock, written, faults } = harness();
    recorder.record(scaled);
    await clock.advance(0);
    recorder.record(scaled);
    faults.push('ApiNotFound');
    await clock.advance(60_000);
    recorder.record(scaled);
    await clock.advance(0);
    expect(written).toEqual(['create ScaledUp ×1', 'create ScaledUp ×1']);
  });

  test('holds at most 1000 events, and counts what it drops', async () => {
    const { recorder, clock, written, dropped, faults } = harness();
    faults.push('ApiUnreachable');
    for (let index = 0; index < 1_003; index += 1) recorder.record({ ...scaled, note: `note ${index}` });
    await clock.advance(1_000);
    await recorder.flush(1_000);
    // One is in the hand of the writer, a thousand wait.
    expect(written).toHaveLength(1_001);
    expect(dropped).toEqual(['QueueFull', 'QueueFull']);
  });

  test('a note longer than the API takes is cut', async () => {
    const { recorder, clock, created } = harness();
    recorder.record({ ...scaled, note: 'x'.repeat(5_000) });
    await clock.advance(0);
    expect(created[0]?.note).toHaveLength(1_000);
  });

  test('a flush writes the last counts and ends', async () => {
    const { recorder, clock, written, dropped } = harness();
    recorder.record(scaled);
    await clock.advance(0);
    recorder.record(scaled);
    await recorder.flush(1_000);
    expect(written).toEqual(['create ScaledUp ×1', 'update ScaledUp ×2']);
    recorder.record({ ...scaled, reason: 'Late' });
    expect([dropped, clock.pendingTimers]).toEqual([['Stopped'], 0]);
  });

  test('a flush does not wait longer than told for an API that hangs', async () => {
    const { recorder, clock, dropped, faults } = harness();
    faults.push('hang');
    recorder.record(scaled);
    recorder.record({ ...scaled, reason: 'Second' });
    const flushed = recorder.flush(3_000);
    await clock.advance(3_000);
    await flushed;
    expect(dropped).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });
});
