import type { FleetSnapshot } from '../snapshot/fleet-snapshot.ts';
import type { FleetDecision } from './decide-fleet.ts';
import { buildFindings } from './findings.ts';
import { plural } from './text.ts';

const FINDINGS_TOLD = 2;

/** What is wrong with engines and what is done about it, a sentence each; the rest is counted. */
export function healthSentences(snapshot: FleetSnapshot, decision: FleetDecision): string[] {
  const { halt } = decision.health;
  const findings = buildFindings(snapshot, decision).filter(({ severity }) => severity !== 'Info');
  const told = findings
    .slice(0, FINDINGS_TOLD)
    .map(
      ({ signature, engine, state, message, action }) =>
        `${signature} (${state}): ${engine ?? 'the image'}: ${message}; ${action}.`,
    );
  const rest = findings.length - told.length;
  return [
    ...(halt === undefined ? [] : [`Remediation halted (${halt.reason}): ${halt.message}.`]),
    ...told,
    ...(rest > 0 ? [`${plural(rest, 'more finding')}, see status.findings.`] : []),
  ];
}
