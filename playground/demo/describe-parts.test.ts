import { expect, test } from 'vitest';
import { describeParts } from './describe-parts.ts';

const DESCRIBED = `Name:  chat
Spec:
  Remediation:
    Mode:  Auto
Status:
  Conditions:
    Type:  Ready
  Remediation:
    Restarts:
      one
  Why:
    Ready.
Events:
  Type    Reason
  ----    ------
  Normal  EnginesReady
`;

test('the named parts of the status and the events are kept, the spec of the same name is not', () => {
  expect(describeParts(DESCRIBED, ['Remediation', 'Why'])).toBe(`  Remediation:
    Restarts:
      one
  Why:
    Ready.
Events:
  Type    Reason
  ----    ------
  Normal  EnginesReady`);
});

test('a part that is not there leaves no trace', () => {
  expect(describeParts(DESCRIBED, ['Findings'])).toMatch(/^Events:\n/);
});
