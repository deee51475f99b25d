import { z } from 'zod';
import { type CelRule, RESTARTS_NOTHING, rules, ruleWithValues } from '../schema.ts';

/** The fields of a cron expression in their order: what each is called, and one value of it as RE2 reads it. */
const CRON_FIELDS: readonly (readonly [name: string, value: string, range: string])[] = [
  ['minute', '[0-5]?[0-9]', '0 to 59'],
  ['hour', '[01]?[0-9]|2[0-3]', '0 to 23'],
  ['day of month', '0?[1-9]|[12][0-9]|3[01]', '1 to 31'],
  ['month', '0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec', '1 to 12 or JAN to DEC'],
  ['day of week', '[0-7]|sun|mon|tue|wed|thu|fri|sat', '0 (Sunday) to 6 or SUN to SAT'],
];

const HAS_FIVE_FIELDS = "self.matches('^[^ ]+( [^ ]+){4}$')";

/** A field is a list of values, ranges and wildcards; the latter two may have a step. */
function cronFieldRule(index: number, name: string, value: string, range: string): CelRule {
  const field = `self.split(' ')[${index}]`;
  const item = `(?i)^((${value})|([*]|(${value})-(${value}))(/[1-9][0-9]?)?)$`;
  return ruleWithValues(
    `!${HAS_FIVE_FIELDS} || ${field}.split(',').all(item, item.matches('${item}'))`,
    `"%s" is no ${name}: write ${range}, "*", a range such as 1-5, a step such as */2, or a list of these`,
    field,
  );
}

/** What the API server can tell is wrong; ranges that run backwards and dates that never come are left to `cron.ts`. */
export const CronExpression = z
  .string()
  .min(1)
  .max(64)
  .meta(
    rules(
      ruleWithValues(
        HAS_FIVE_FIELDS,
        '"%s" is no cron schedule: write minute, hour, day of month, month and day of week with one space between, such as "0 8 * * 1-5"',
        'self',
      ),
      ...CRON_FIELDS.map((field, index) => cronFieldRule(index, ...field)),
    ),
  );

export const TimeZone = z
  .string()
  .min(1)
  .max(64)
  .meta(
    rules(
      ruleWithValues(
        "self.matches('^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$')",
        '"%s" is no time zone: write a name of the IANA database, such as Europe/Berlin or Etc/UTC',
        'self',
      ),
    ),
  );

/** Which of several holds at a time is computed in `scaling/schedules.ts`. */
export const ScalingSchedule = z
  .object({
    cron: CronExpression.describe(
      `When this schedule takes over: minute, hour, day of month, month, day of week, such as "0 8 * * 1-5" for 8:00 from Monday to Friday. A time that a change of the clock skips counts at the end of the gap, one that comes twice counts once. ${RESTARTS_NOTHING}`,
    ),
    timeZone: TimeZone.default('Etc/UTC').describe(
      `Time zone of cron, a name of the IANA database such as Europe/Berlin. Default: Etc/UTC. ${RESTARTS_NOTHING}`,
    ),
    minReplicas: z
      .int()
      .min(1)
      .max(10_000)
      .exactOptional()
      .describe(
        `Fewest engines while this schedule holds. Default: scaling.minReplicas. ${RESTARTS_NOTHING}`,
      ),
    maxReplicas: z
      .int()
      .min(1)
      .max(10_000)
      .exactOptional()
      .describe(`Most engines while this schedule holds. Default: scaling.maxReplicas. ${RESTARTS_NOTHING}`),
  })
  .meta(
    rules(
      {
        rule: 'has(self.minReplicas) || has(self.maxReplicas)',
        message: 'set minReplicas or maxReplicas or both: this schedule changes nothing',
      },
      ruleWithValues(
        '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
        'minReplicas (%d) is above maxReplicas (%d): lower minReplicas or raise maxReplicas',
        'self.minReplicas',
        'self.maxReplicas',
      ),
    ),
  );
