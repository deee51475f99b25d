import { defineCrd, type PrinterColumn } from '../define-crd.ts';
import type { JsonObject } from '../json.ts';
import { ruleWithValues } from '../schema.ts';
import {
  CATEGORIES,
  GROUP,
  KIND,
  MAX_NAME_LENGTH,
  PLURAL,
  SHORT_NAMES,
  SINGULAR,
  VERSION,
} from './constants.ts';
import { VLLMDeploymentSpec } from './spec.ts';
import { VLLMDeploymentStatus } from './status.ts';

const PRINTER_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Ready', type: 'string', jsonPath: '.status.summary.ready', description: 'Ready engines of all' },
  { name: 'Desired', type: 'string', jsonPath: '.status.summary.desired', description: 'Size decided on' },
  { name: 'Waiting', type: 'string', jsonPath: '.status.summary.waiting', description: 'Waiting requests' },
  { name: 'KV', type: 'string', jsonPath: '.status.summary.kv', description: 'Use of the KV cache' },
  { name: 'State', type: 'string', jsonPath: '.status.summary.state', description: 'State in one word' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since creation' },
  wide('Running', '.status.summary.running', 'Running requests'),
  wide('Revision', '.status.summary.revision', 'Revision of the spec'),
  wide('Rollout', '.status.rollout.progress', 'Engines on the revision that is to serve'),
  wide('Image', '.spec.engine.image', 'Image of the engines'),
  wide('Model', '.spec.model.name', 'Model they serve'),
  wide('Reason', '.status.scaling.reason', 'Reason of the last decision'),
];

/** A DNS-1035 label, since the fleet's Service has its name; short, since its pods have more than its name. */
const NAME_RULE = ruleWithValues(
  `size(self.metadata.name) <= ${MAX_NAME_LENGTH} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
  `"%s" cannot name a Service and pods: use at most ${MAX_NAME_LENGTH} characters of a-z, 0-9 and "-", the first a letter, the last a letter or digit`,
  'self.metadata.name',
);

function wide(name: string, jsonPath: string, description: string): PrinterColumn {
  return { name, type: 'string', jsonPath, description, priority: 1 };
}

/** The CustomResourceDefinition of VLLMDeployment; `scripts/gen.ts` writes it to `crds/`. */
export function vllmDeploymentCrd(): JsonObject {
  return defineCrd({
    group: GROUP,
    version: VERSION,
    kind: KIND,
    plural: PLURAL,
    singular: SINGULAR,
    shortNames: SHORT_NAMES,
    categories: CATEGORIES,
    description:
      'A fleet of vLLM engines that serve one model. The operator sizes it by the load its engines report, and takes no engine away before its requests are done.',
    spec: VLLMDeploymentSpec,
    specDescription: 'Which model to serve, how to run vLLM, and how far the fleet may scale.',
    status: VLLMDeploymentStatus,
    statusDescription: 'What the operator sees, what it decided, and why.',
    rules: [{ ...NAME_RULE, fieldPath: '.metadata.name' }],
    printerColumns: PRINTER_COLUMNS,
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  });
}
