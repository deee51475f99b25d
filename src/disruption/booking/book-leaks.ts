import type { SignatureName } from '../../api/v1alpha1/remediation.ts';
import type { ProjectedLimit, Verdict } from '../../rules/verdict.ts';
import {
  openWindows,
  quietestHour,
  troughs,
  windowAt,
  type MaintenanceWindow,
  type Slot,
  type TrafficByHour,
} from './slots.ts';
import { firstFree, firstFreeIn, isFree, lastFree, type Taken } from './stagger.ts';
import { bookingText } from './text.ts';

/** When an engine that leaks is to be replaced. Times in milliseconds since the epoch. */
export interface LeakBooking {
  readonly uid: string;
  readonly engine: string;
  readonly signature: SignatureName;
  /** When the replace is to begin; it is due from then on. */
  readonly atMs: number;
  /** When it must begin, so that it and those after it end before their limits. */
  readonly latestMs: number;
  /** The limit may be two hours off or less. */
  readonly isUrgent: boolean;
  /**
   * `MaintenanceWindow` and `Trough` (the hour with the least traffic) where that is early enough; `Earlier` where it is
   * not; `Now` where the limit is near.
   */
  readonly reason: 'MaintenanceWindow' | 'Trough' | 'Earlier' | 'Now';
  /** A sentence with the times. */
  readonly message: string;
}

export interface BookingContext {
  readonly windows: readonly MaintenanceWindow[];
  readonly trafficByHour?: TrafficByHour | undefined;
  /** What a replace takes: the start of another engine, and the drain. */
  readonly secondsPerReplace: number;
  /** Minutes that a signature calls an hour: what is near shrinks with it. */
  readonly windowMinutes: (signature: SignatureName) => number;
}

const MINUTE_MS = 60_000;
const URGENT_MS = 120 * MINUTE_MS;
/** Left between the end of a replace and the limit. */
const MARGIN_MS = 15 * MINUTE_MS;
/** Of the time to the latest start, what stays free: a projection that wavers must not move what is booked. */
const SLACK = 0.1;

/**
 * Books a replace for each engine with a proved leak, in the order of their limits, never two closer than a replace
 * takes. The latest starts are counted back from the last limit (latest = limit − margin − replaces that are still to
 * be made), so that engines of one image under even load, which run into their limits together, all make it. What is
 * booked stays while it is early enough.
 *
 * @param before what was booked at the last pass
 */
export function bookLeaks(
  leaks: readonly Verdict[],
  before: readonly LeakBooking[],
  context: BookingContext,
  nowMs: number,
): readonly LeakBooking[] {
  const bookings: LeakBooking[] = [];
  for (const leak of withLatestStarts(leaks, context)) {
    const taken = { starts: bookings.map(({ atMs }) => atMs), apartMs: replaceMs(context) };
    const booked = before.find(({ uid }) => uid === leak.verdict.uid);
    bookings.push(book(leak, booked, taken, context, nowMs));
  }
  return bookings;
}

interface Leak {
  readonly verdict: Verdict;
  readonly limit: ProjectedLimit;
  /** Real minutes for one of the signature's. */
  readonly scale: number;
  readonly latestMs: number;
}

/** One for each engine, by its nearest limit, the nearest first. */
function withLatestStarts(leaks: readonly Verdict[], context: BookingContext): readonly Leak[] {
  const proved = leaks
    .flatMap((verdict) =>
      verdict.state === 'Proved' && verdict.limit !== undefined ? [{ verdict, limit: verdict.limit }] : [],
    )
    .toSorted((a, b) => a.limit.earliestMs - b.limit.earliestMs || (a.verdict.uid < b.verdict.uid ? -1 : 1));
  const engines = new Map(proved.toReversed().map((leak) => [leak.verdict.uid, leak]));
  const takesMs = replaceMs(context);
  let nextMs = Infinity;
  return proved
    .filter((leak) => engines.get(leak.verdict.uid) === leak)
    .toReversed()
    .map((leak) => {
      const scale = context.windowMinutes(leak.verdict.signature) / 60;
      const latestMs = Math.floor(Math.min(leak.limit.earliestMs - scale * MARGIN_MS, nextMs)) - takesMs;
      nextMs = latestMs;
      return { ...leak, scale, latestMs };
    })
    .toReversed();
}

function replaceMs({ secondsPerReplace }: BookingContext): number {
  return Math.ceil(secondsPerReplace * 1000);
}

type When = Pick<LeakBooking, 'atMs' | 'reason'>;

function book(
  leak: Leak,
  booked: LeakBooking | undefined,
  taken: Taken,
  context: BookingContext,
  nowMs: number,
): LeakBooking {
  const { verdict, limit, latestMs } = leak;
  const isUrgent = limit.earliestMs - nowMs <= leak.scale * URGENT_MS;
  const when =
    isUrgent || latestMs <= nowMs
      ? atOnce(booked, taken, nowMs)
      : (kept(leak, booked, taken, context, nowMs) ?? inTime(leak, booked, taken, context, nowMs));
  const { uid, engine, signature } = verdict;
  const booking = { uid, engine, signature, ...when, latestMs, isUrgent };
  const window = when.reason === 'MaintenanceWindow' ? windowAt(context.windows, when.atMs) : undefined;
  return { ...booking, message: bookingText(booking, limit.earliestMs, window, context, nowMs) };
}

/** What is due stays due. */
function atOnce(booked: LeakBooking | undefined, taken: Taken, nowMs: number): When {
  if (booked !== undefined && booked.atMs <= nowMs && isFree(taken, booked.atMs))
    return { atMs: booked.atMs, reason: booked.reason };
  return { atMs: firstFree(taken, nowMs), reason: 'Now' };
}

/** What was booked, if it is still in time, still free, and still what it is called. */
function kept(
  { latestMs }: Leak,
  booked: LeakBooking | undefined,
  taken: Taken,
  { windows }: BookingContext,
  nowMs: number,
): When | undefined {
  if (booked === undefined || booked.atMs > latestMs || !isFree(taken, booked.atMs)) return undefined;
  const { atMs, reason } = booked;
  const isMissed = atMs < nowMs;
  // Before its time a better one is still looked for.
  if (reason === 'Now' || reason === 'Earlier') return isMissed ? { atMs, reason } : undefined;
  if (reason === 'Trough')
    return windows.length === 0 && isSameHour(atMs, nowMs) ? { atMs, reason } : undefined;
  const isOpen =
    windowAt(windows, atMs) !== undefined && (!isMissed || windowAt(windows, nowMs) !== undefined);
  return isOpen ? { atMs, reason } : undefined;
}

/** Whether an instant is to come, or in this hour. */
function isSameHour(atMs: number, nowMs: number): boolean {
  return Math.floor(atMs / (60 * MINUTE_MS)) >= Math.floor(nowMs / (60 * MINUTE_MS));
}

/** The first time that is a good one; else what was booked; else the quietest hour, or nearly the latest start. */
function inTime(
  { latestMs }: Leak,
  booked: LeakBooking | undefined,
  taken: Taken,
  context: BookingContext,
  nowMs: number,
): When {
  const { windows, trafficByHour = [] } = context;
  const untilMs = latestMs - Math.ceil(SLACK * (latestMs - nowMs));
  const isWindowed = windows.length > 0;
  const slots: readonly Slot[] = isWindowed
    ? openWindows(windows, nowMs, untilMs)
    : troughs(trafficByHour, nowMs, untilMs);
  for (const slot of slots) {
    const atMs = firstFreeIn(taken, slot, untilMs);
    if (atMs !== undefined) return { atMs, reason: isWindowed ? 'MaintenanceWindow' : 'Trough' };
  }
  if (booked?.reason === 'Earlier' && booked.atMs <= latestMs && isFree(taken, booked.atMs))
    return { atMs: booked.atMs, reason: 'Earlier' };
  const quiet = quietestHour(trafficByHour, nowMs, untilMs);
  const atMs = quiet === undefined ? undefined : firstFreeIn(taken, quiet, untilMs);
  return { atMs: atMs ?? lateStart(taken, untilMs, nowMs), reason: 'Earlier' };
}

function lateStart(taken: Taken, untilMs: number, nowMs: number): number {
  const atMs = lastFree(taken, untilMs);
  return atMs >= nowMs ? atMs : firstFree(taken, untilMs);
}
