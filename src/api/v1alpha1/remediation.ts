import { z } from 'zod';
import { atomicList, mapList, RESTARTS_NOTHING } from '../schema.ts';
import { CronExpression, TimeZone } from './schedule.ts';

/**
 * What can be seen of a sick engine (docs/signatures.md). HostMemoryLeak and KVBlockLeak are booked ahead; CrashLoop and
 * OOMKilled are left to the kubelet; for the others an engine is replaced at once.
 */
export const SIGNATURES = [
  'HostMemoryLeak',
  'KVBlockLeak',
  'Wedged',
  'Deadlocked',
  'Livelocked',
  'EngineDead',
  'Straggler',
  'CrashLoop',
  'OOMKilled',
  'SharedMemoryLeftOver',
] as const;
export type SignatureName = (typeof SIGNATURES)[number];

const Mode = z.enum(['Auto', 'Advisory', 'Off']);
const MODES =
  'Auto: found, said and acted on. Advisory: found and said, no engine is touched. Off: not looked for.';

const SignatureSettings = z.object({
  name: z
    .enum(SIGNATURES)
    .describe(`Name of the signature; docs/signatures.md describes each. ${RESTARTS_NOTHING}`),
  mode: Mode.exactOptional().describe(
    `What is done about this signature. ${MODES} Default: remediation.mode. ${RESTARTS_NOTHING}`,
  ),
  windowMinutes: z
    .int()
    .min(1)
    .max(1440)
    .exactOptional()
    .describe(
      `Of HostMemoryLeak and KVBlockLeak: minutes of samples that they call an hour; all their times shrink or grow with it. Shorter finds sooner and errs more. Default: 60. ${RESTARTS_NOTHING}`,
    ),
});

const MaintenanceWindow = z.object({
  cron: CronExpression.describe(
    `When the window opens: minute, hour, day of month, month, day of week, such as "0 3 * * *" for 3:00 each day. ${RESTARTS_NOTHING}`,
  ),
  timeZone: TimeZone.default('Etc/UTC').describe(
    `Time zone of cron, a name of the IANA database such as Europe/Berlin. Default: Etc/UTC. ${RESTARTS_NOTHING}`,
  ),
  durationMinutes: z
    .int()
    .min(5)
    .max(1440)
    .default(60)
    .describe(`For how long the window is open. Default: 60. ${RESTARTS_NOTHING}`),
});

/** What is done about engines that are sick; no part of a roll-out. */
export const Remediation = z.object({
  mode: Mode.default('Auto').describe(
    `What is done about engines that leak, hang or die. ${MODES} Default: Auto. ${RESTARTS_NOTHING}`,
  ),
  maxPerHour: z
    .int()
    .min(1)
    .max(10)
    .default(6)
    .describe(
      `Most engines replaced within an hour outside roll-outs, by the operator or by the annotation vllm.warden.dev/replace. Default: 6. ${RESTARTS_NOTHING}`,
    ),
  maintenanceWindows: z
    .array(MaintenanceWindow)
    .max(8)
    .meta(atomicList)
    .default([])
    .describe(
      `When engines that leak are best replaced. One that does not last until a window opens is replaced earlier. Default: none, the hour of the day with the least traffic is taken. ${RESTARTS_NOTHING}`,
    ),
  signatures: z
    .array(SignatureSettings)
    .max(SIGNATURES.length)
    .meta(mapList('name'))
    .default([])
    .describe(`Settings of single signatures. Default: none. ${RESTARTS_NOTHING}`),
});
