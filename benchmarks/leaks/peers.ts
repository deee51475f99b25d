/** An alarm over one quantity that has a limit: memory in bytes, or the share of the KV cache. */
export interface Alarm {
  readonly name: string;
  /** Feeds one minute. @returns true when the alarm fires */
  readonly feed: (value: number | undefined, limit: number) => boolean;
}

const THRESHOLD = 0.9;
/** Alert rules wait (`for:`), so that a spike wakes nobody. */
const FOR_MINUTES = 10;

/** The rule that everybody has: over 90 % of the limit for ten minutes. */
export function threshold(): Alarm {
  let held = 0;
  return {
    name: '90 % of the limit',
    feed: (value, limit) => {
      if (value !== undefined) held = value > THRESHOLD * limit ? held + 1 : 0;
      return held >= FOR_MINUTES;
    },
  };
}

const FIT_MINUTES = 360;
const LEAST_FIT_MINUTES = 60;
const AHEAD_MINUTES = 1440;
const EVERY_MINUTES = 5;
const FIT_FOR_MINUTES = 30;

/** `predict_linear(memory[6h], 24 * 3600) > limit` for half an hour: least squares over six hours, a day ahead. */
export function linearFit(): Alarm {
  const values: (number | undefined)[] = [];
  let minute = 0;
  let held = 0;
  return {
    name: 'linear fit, 6 h, a day ahead',
    feed: (value, limit) => {
      values[minute % FIT_MINUTES] = value;
      minute += 1;
      if (minute < LEAST_FIT_MINUTES || minute % EVERY_MINUTES !== 0) return false;
      const predicted = predict(values, minute);
      held = predicted !== undefined && predicted > limit ? held + EVERY_MINUTES : 0;
      return held >= FIT_FOR_MINUTES;
    },
  };
}

function predict(values: readonly (number | undefined)[], now: number): number | undefined {
  let n = 0;
  let x1 = 0;
  let y1 = 0;
  let xx = 0;
  let xy = 0;
  for (let age = 1; age <= values.length; age++) {
    const value = values[(now - age + FIT_MINUTES) % FIT_MINUTES];
    if (value === undefined) continue;
    n += 1;
    x1 -= age;
    y1 += value;
    xx += age * age;
    xy -= age * value;
  }
  const spread = xx - (x1 * x1) / n;
  if (n < 2 || spread === 0) return undefined;
  const slope = (xy - (x1 * y1) / n) / spread;
  return (y1 - slope * x1) / n + slope * AHEAD_MINUTES;
}
