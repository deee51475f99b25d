import { type BadResource, invalid, listed, malformed } from './printed.ts';

const field = (name: string): string => `spec.scaling.schedules[0].${name}`;

const withSchedule = (schedule: string): string => `spec: {scaling: {schedules: [${schedule}]}}`;

const withCron = (cron: string): string => withSchedule(`{cron: "${cron}", minReplicas: 2}`);

const inZone = (timeZone: string): string =>
  withSchedule(`{cron: "0 8 * * *", timeZone: "${timeZone}", minReplicas: 2}`);

const notCron = (value: string, kind: string, range: string): string =>
  `${field('cron')}: Invalid value: "string": "${value}" is no ${kind}: write ${range}, "*", a range such as 1-5, a step such as */2, or a list of these`;

const notFiveFields = (cron: string): string =>
  `${field('cron')}: Invalid value: "string": "${cron}" is no cron schedule: write minute, hour, day of month, month and day of week with one space between, such as "0 8 * * 1-5"`;

const notZone = (timeZone: string): string =>
  `${field('timeZone')}: Invalid value: "string": "${timeZone}" is no time zone: write a name of the IANA database, such as Europe/Berlin or Etc/UTC`;

/** Schedules that cannot be read or that change nothing, and latencies that cannot be met. */
export const BAD_SCHEDULES: readonly BadResource[] = [
  ['a cron of six fields', withCron('0 0 8 * * 1-5'), invalid(notFiveFields('0 0 8 * * 1-5'))],
  ['a cron of four fields', withCron('* * * *'), invalid(notFiveFields('* * * *'))],
  ['a cron with two spaces', withCron('0 8  * * 1-5'), invalid(notFiveFields('0 8  * * 1-5'))],
  ['a nickname of cron', withCron('@midnight'), invalid(notFiveFields('@midnight'))],
  ['minute 60', withCron('60 8 * * *'), invalid(notCron('60', 'minute', '0 to 59'))],
  ['hour 24', withCron('0 8,24 * * *'), invalid(notCron('8,24', 'hour', '0 to 23'))],
  ['the last day of the month', withCron('0 8 L * *'), invalid(notCron('L', 'day of month', '1 to 31'))],
  ['month 0', withCron('0 8 1 0 *'), invalid(notCron('0', 'month', '1 to 12 or JAN to DEC'))],
  [
    'a day in full',
    withCron('0 8 * * Monday'),
    invalid(notCron('Monday', 'day of week', '0 (Sunday) to 6 or SUN to SAT')),
  ],
  [
    'minute and hour exchanged',
    withCron('8 45 * * 1-9'),
    invalid(
      listed(
        notCron('45', 'hour', '0 to 23'),
        notCron('1-9', 'day of week', '0 (Sunday) to 6 or SUN to SAT'),
      ),
    ),
  ],
  ['a step of 0', withCron('*/0 8 * * *'), invalid(notCron('*/0', 'minute', '0 to 59'))],
  ['an offset as a time zone', inZone('+01:00'), invalid(notZone('+01:00'))],
  ['a city with a space', inZone('America/New York'), invalid(notZone('America/New York'))],
  [
    'a schedule without a time',
    withSchedule('{minReplicas: 2}'),
    malformed(`${field('cron')}: Required value`),
  ],
  [
    'a schedule without bounds',
    withSchedule('{cron: "0 8 * * *"}'),
    invalid(
      'spec.scaling.schedules[0]: Invalid value: "object": set minReplicas or maxReplicas or both: this schedule changes nothing',
    ),
  ],
  [
    'a schedule whose bounds contradict each other',
    withSchedule('{cron: "0 8 * * *", minReplicas: 5, maxReplicas: 4}'),
    invalid(
      'spec.scaling.schedules[0]: Invalid value: "object": minReplicas (5) is above maxReplicas (4): lower minReplicas or raise maxReplicas',
    ),
  ],
  [
    'a schedule that scales to nothing',
    withSchedule('{cron: "0 8 * * *", minReplicas: 0}'),
    invalid(
      `${field('minReplicas')}: Invalid value: 0: ${field('minReplicas')} in body should be greater than or equal to 1`,
    ),
  ],
  [
    'a use case that is not known',
    'spec: {latency: {useCase: chat}}',
    malformed(
      'spec.latency.useCase: Unsupported value: "chat": supported values: "Chat", "CodeCompletion", "Batch", "RAG", "Agentic"',
    ),
  ],
  [
    'seconds where milliseconds are wanted',
    'spec: {latency: {ttftMilliseconds: 0.5}}',
    malformed(
      'spec.latency.ttftMilliseconds: Invalid value: "number": spec.latency.ttftMilliseconds in body must be of type integer: "number"',
      'spec.latency.ttftMilliseconds: Invalid value: 0.5: spec.latency.ttftMilliseconds in body should be greater than or equal to 1',
    ),
  ],
  [
    'a whole answer before its first token',
    'spec: {latency: {useCase: Batch, totalMilliseconds: 4000}}',
    invalid(
      'spec.latency: Invalid value: "object": a first token after 5000 ms comes later than a whole answer after 4000 ms: lower ttftMilliseconds or raise totalMilliseconds',
    ),
  ],
];
