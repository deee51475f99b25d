import { z } from 'zod';
import { SIGNATURES } from '../../api/v1alpha1/remediation.ts';
import { Columns } from './columns.ts';
import { VERSION } from './history.ts';

/** Text of the cluster is untrusted: each list and each text ends somewhere, each time lies in this era. */
const MOST = { engines: 1000, texts: 1024, restarts: 20, bookings: 1000, revisions: 64, hours: 25 } as const;

const LAST_MS = Date.UTC(2200, 0);
const Time = z.int().min(0).max(LAST_MS);
/** Judges' times may run faster than the clock, 60 times at most. */
const JudgesTime = z
  .number()
  .min(0)
  .max(60 * LAST_MS);
const Amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const Uid = z.string().min(1).max(64);
const Name = z.string().min(1).max(253);
const Signature = z.enum(SIGNATURES);
const Leak = z.enum(['HostMemoryLeak', 'KVBlockLeak']);

const Found = z.strictObject({
  signature: Leak,
  confidence: z.enum(['Low', 'Medium', 'High']),
  sinceMs: Time,
  reason: z.string().min(1).max(128),
  message: z.string().max(MOST.texts),
  limitMs: z.tuple([Time, Time, Time]),
  perHour: z.number(),
  perRequest: z.number().exactOptional(),
  firstMs: Time,
  lastMs: Time,
});

const Track = z.strictObject({
  window: z.int().min(1).max(1440),
  minute: z.int().min(-1e9).max(1e9),
  memorySinceMs: JudgesTime.exactOptional(),
  samplesSinceMs: JudgesTime.exactOptional(),
  originMs: JudgesTime.exactOptional(),
  busySinceMs: JudgesTime.exactOptional(),
  lowest: Amount.exactOptional(),
  finished: Amount.exactOptional(),
  steps: Amount.exactOptional(),
  minutes: Columns,
  fives: Columns,
  halves: Columns,
});

const Engine = z.strictObject({
  uid: Uid,
  name: Name,
  revision: z.string().min(1).max(64),
  startedAtMs: Time,
  watchedSinceMs: Time,
  restarts: z.int().min(0).max(1e9),
  containerMs: Time.exactOptional(),
  node: Amount.exactOptional(),
  found: z.array(Found).max(2),
  tracks: z.array(Track).max(2),
});

const Restart = z.strictObject({
  atMs: Time,
  engine: Name,
  uid: Uid,
  revision: z.string().min(1).max(64),
  signature: Signature,
  image: z.string().max(512),
  version: z.string().max(64).exactOptional(),
  perRequest: z.number().exactOptional(),
  perHour: z.number().exactOptional(),
  foundAfterMs: Amount.exactOptional(),
  successor: z.strictObject({ uid: Uid, engine: Name }).exactOptional(),
  outcome: z.enum(['Pending', 'Helped', 'FoundAgain']),
});

const Booking = z.strictObject({
  uid: Uid,
  engine: Name,
  signature: Signature,
  atMs: Time,
  latestMs: Time,
  isUrgent: z.boolean(),
  reason: z.enum(['MaintenanceWindow', 'Trough', 'Earlier', 'Now']),
});

/** What is written, version 1. */
export const Document = z.strictObject({
  version: z.literal(VERSION),
  atMs: Time,
  killed: z.array(z.tuple([z.string().min(1).max(64), Time])).max(MOST.revisions),
  /** Hours since the epoch, requests, milliseconds watched. */
  traffic: z.array(z.tuple([z.int().min(0), Amount, Amount])).max(MOST.hours),
  restarts: z.array(Restart).max(MOST.restarts),
  bookings: z.array(Booking).max(MOST.bookings),
  engines: z.array(Engine).max(MOST.engines),
});
export type Document = z.output<typeof Document>;
export type EngineEntry = Document['engines'][number];
export type TrackEntry = EngineEntry['tracks'][number];
