import type { AuditEvent } from '../../../playground/control-plane/audit.ts';
import { USER_NAMES } from '../../../playground/control-plane/credentials.ts';
import type { Playground } from '../../../playground/playground.ts';

/** What operators call themselves. */
const USER_AGENT = 'vllm-warden';

/** Requests of operators that the API server received after `since` and has answered, oldest first. */
export async function operatorRequests(
  pg: Playground,
  since: Date,
  user: 'operator' | 'admin' = 'operator',
): Promise<readonly AuditEvent[]> {
  const events = await pg.auditEvents();
  return events.filter(
    (event) =>
      event.stage === 'ResponseComplete' &&
      event.user.username === USER_NAMES[user] &&
      event.userAgent?.startsWith(USER_AGENT) === true &&
      Date.parse(event.requestReceivedTimestamp) >= since.getTime(),
  );
}

export function isWrite({ verb }: AuditEvent): boolean {
  return !['get', 'list', 'watch'].includes(verb);
}

export function succeeded({ responseStatus }: AuditEvent): boolean {
  return (responseStatus?.code ?? 0) < 300;
}

/** Verb and resource, such as `patch vllmdeployments/status`. */
export function kindOf({ verb, objectRef }: AuditEvent): string {
  const { resource = '', subresource } = objectRef ?? {};
  return `${verb} ${subresource === undefined ? resource : `${resource}/${subresource}`}`;
}
