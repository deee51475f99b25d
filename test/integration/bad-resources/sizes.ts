import { type BadResource, invalid, listed, malformed, unknown } from './printed.ts';

const badName = (name: string): string =>
  `metadata.name: Invalid value: "object": "${name}" cannot name a Service and pods: use at most 45 characters of a-z, 0-9 and "-", the first a letter, the last a letter or digit`;

/** Names, sizes, scaling, and fields that are not there. */
export const BAD_SIZES: readonly BadResource[] = [
  [
    'a name that Kubernetes refuses anyway',
    'metadata: {name: Chat_1}',
    invalid(
      listed(
        `metadata.name: Invalid value: "Chat_1": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
        badName('Chat_1'),
      ),
      'Chat_1',
    ),
  ],
  ['a name that begins with a digit', 'metadata: {name: 1chat}', invalid(badName('1chat'), '1chat')],
  [
    'a name of 46 characters',
    'metadata: {name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}',
    invalid(
      badName('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'),
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ),
  ],
  [
    'neither replicas nor scaling',
    'spec: {scaling: null}',
    invalid(
      'spec: Invalid value: "object": set replicas for a fixed size, or scaling with maxReplicas to let the operator size the fleet, or both',
    ),
  ],
  [
    'scaling without maxReplicas',
    'spec: {scaling: {maxReplicas: null}}',
    malformed('spec.scaling.maxReplicas: Required value'),
  ],
  [
    'minReplicas above maxReplicas',
    'spec: {scaling: {minReplicas: 9}}',
    invalid(
      'spec.scaling: Invalid value: "object": minReplicas (9) is above maxReplicas (8): lower minReplicas or raise maxReplicas',
    ),
  ],
  [
    'minReplicas of 0',
    'spec: {scaling: {minReplicas: 0}}',
    invalid(
      'spec.scaling.minReplicas: Invalid value: 0: spec.scaling.minReplicas in body should be greater than or equal to 1',
    ),
  ],
  [
    'a negative number of replicas',
    'spec: {replicas: -1}',
    invalid(
      listed(
        'spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0',
        '.spec.replicas: Invalid value: -1: should be a non-negative integer',
      ),
    ),
  ],
  [
    'a mode in lower case',
    'spec: {scaling: {mode: auto}}',
    malformed('spec.scaling.mode: Unsupported value: "auto": supported values: "Auto", "Advisory", "Paused"'),
  ],
  [
    'a KV target in per cent',
    'spec: {scaling: {targets: {kvCacheUsage: 80}}}',
    invalid(
      'spec.scaling.targets.kvCacheUsage: Invalid value: 80: spec.scaling.targets.kvCacheUsage in body should be less than or equal to 1',
    ),
  ],
  [
    'a queue target of 0',
    'spec: {scaling: {targets: {queueDepth: 0}}}',
    invalid(
      'spec.scaling.targets.queueDepth: Invalid value: 0: spec.scaling.targets.queueDepth in body should be greater than 0',
    ),
  ],
  [
    'a direction without policies',
    'spec: {scaling: {behavior: {scaleUp: {policies: []}}}}',
    invalid(
      'spec.scaling.behavior.scaleUp.policies: Invalid value: 0: spec.scaling.behavior.scaleUp.policies in body should have at least 1 items',
    ),
  ],
  [
    'a selectPolicy that YAML reads as a boolean',
    'spec: {scaling: {behavior: {scaleDown: {selectPolicy: Off}}}}',
    malformed(
      'spec.scaling.behavior.scaleDown.selectPolicy: Unsupported value: "Off": supported values: "Max", "Min", "Disabled"',
    ),
  ],
  [
    'a policy that allows nothing',
    'spec: {scaling: {behavior: {scaleDown: {policies: [{type: Pods, value: 0, periodSeconds: 15}]}}}}',
    invalid(
      'spec.scaling.behavior.scaleDown.policies[0].value: Invalid value: 0: spec.scaling.behavior.scaleDown.policies[0].value in body should be greater than or equal to 1',
    ),
  ],
  [
    'a suspend that is no boolean',
    'spec: {suspend: "yes"}',
    malformed(
      'spec.suspend: Invalid value: "string": spec.suspend in body must be of type boolean: "string"',
    ),
  ],
  ['a field that is misspelt', 'spec: {engin: {}}', unknown('spec.engin')],
  [
    'replicas in words',
    'spec: {replicas: two}',
    malformed(
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
      '.spec.replicas: Invalid value: 0: .spec.replicas accessor error: two is of the type string, expected int64',
    ),
  ],
  [
    'one and a half engines at most',
    'spec: {scaling: {maxReplicas: 1.5}}',
    malformed(
      'spec.scaling.maxReplicas: Invalid value: "number": spec.scaling.maxReplicas in body must be of type integer: "number"',
    ),
  ],
];
