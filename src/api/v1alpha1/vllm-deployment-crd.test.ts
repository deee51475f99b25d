import { describe, expect, test } from 'vitest';
import { isJsonObject, type JsonObject } from '../json.ts';
import { RESTARTS_NOTHING, ROLLS } from '../schema.ts';
import { structuralSchema } from '../structural-schema.ts';
import { FREE_FIELDS, POD_FIELDS } from './pod-fields.ts';
import { VLLMDeploymentSpec } from './spec.ts';
import { VLLMDeploymentStatus } from './status.ts';

interface Node {
  readonly path: string;
  readonly schema: JsonObject;
}

/** Every schema below `schema`, itself included, with the path of its field. */
function nodesOf(schema: JsonObject, path: string): readonly Node[] {
  const { properties, items, additionalProperties } = schema;
  const below = [
    ...(isJsonObject(properties)
      ? Object.entries(properties).map(([key, child]) => [`${path}.${key}`, child] as const)
      : []),
    [`${path}[]`, items] as const,
    [`${path}{}`, additionalProperties] as const,
  ];
  return [
    { path, schema },
    ...below.flatMap(([at, child]) => (isJsonObject(child) ? nodesOf(child, at) : [])),
  ];
}

const specNodes = nodesOf(structuralSchema(VLLMDeploymentSpec), 'spec');
const nodes = [...specNodes, ...nodesOf(structuralSchema(VLLMDeploymentStatus), 'status')];
const pathsWhere = (matches: (node: Node) => boolean): readonly string[] =>
  nodes.filter(matches).map(({ path }) => path);

/** Each form that the API server refuses in a structural schema, or that defeats the limits of CEL. */
const FORBIDDEN: readonly (readonly [string, (schema: JsonObject) => boolean])[] = [
  ['references', (schema) => '$ref' in schema || '$defs' in schema || 'definitions' in schema],
  ['closed objects', (schema) => schema['additionalProperties'] === false],
  ['maps beside properties', (schema) => 'additionalProperties' in schema && 'properties' in schema],
  ['combined schemas', (schema) => ['anyOf', 'oneOf', 'allOf', 'not'].some((key) => key in schema)],
  ['numbers for exclusive bounds', (schema) => typeof schema['exclusiveMinimum'] === 'number'],
  [
    'a missing type',
    (schema) => schema['type'] === undefined && schema['x-kubernetes-int-or-string'] !== true,
  ],
  [
    'unbounded texts',
    (schema) => schema['type'] === 'string' && !hasOneOf(schema, ['maxLength', 'enum', 'format']),
  ],
  ['unbounded lists', (schema) => schema['type'] === 'array' && schema['maxItems'] === undefined],
  [
    'unbounded maps',
    (schema) => isJsonObject(schema['additionalProperties']) && schema['maxProperties'] === undefined,
  ],
  [
    'lists without a merge rule',
    (schema) =>
      isJsonObject(schema['items']) &&
      schema['items']['type'] === 'object' &&
      !('x-kubernetes-list-type' in schema),
  ],
];

function hasOneOf(schema: JsonObject, keys: readonly string[]): boolean {
  return keys.some((key) => key in schema);
}

/** Fields that change engines without being part of a revision, or whose parts differ: they say it in their own words. */
const IN_OWN_WORDS = ['engine', 'drain', 'rollout', 'rollout.restartAt', 'rollout.rollbackTo'];

describe('the schema of VLLMDeployment', () => {
  test('is seen as a whole', () => {
    expect(nodes.length).toBeGreaterThan(150);
    expect(pathsWhere(({ path }) => path === 'spec.scaling.behavior.scaleUp.policies[].type')).toHaveLength(
      1,
    );
  });

  test.each(FORBIDDEN)('has no %s', (_, isForbidden) => {
    expect(pathsWhere(({ schema }) => isForbidden(schema))).toEqual([]);
  });

  test('describes every field', () => {
    const fields = nodes.filter(({ path }) => path.includes('.') && !/[\]}]$/.test(path));
    const mute = fields.filter(({ schema }) => !/^[A-Z].*[.]$/.test(String(schema['description'])));
    expect(mute.map(({ path }) => path)).toEqual([]);
  });

  test('says of every field of the spec whether changing it rolls the fleet, as the revision sees it', () => {
    const wrong = specNodes.filter(({ path, schema }) => {
      const field = path.slice('spec.'.length).replaceAll(/\[\].*/g, '');
      if (!path.includes('.') || /[\]}]$/.test(path) || IN_OWN_WORDS.includes(field)) return false;
      const isWithin = (part: string): boolean => field === part || field.startsWith(`${part}.`);
      const shapes = POD_FIELDS.some(isWithin) && !FREE_FIELDS.some(isWithin);
      return !String(schema['description']).endsWith(shapes ? ROLLS : RESTARTS_NOTHING);
    });
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test('names only fields of the spec as those that shape the pods', () => {
    const paths = new Set(specNodes.map(({ path }) => path));
    expect([...POD_FIELDS, ...FREE_FIELDS].filter((field) => !paths.has(`spec.${field}`))).toEqual([]);
  });

  test('tells the default of every field that has one', () => {
    const untold = specNodes.filter(({ schema }) => {
      const value = schema['default'];
      return (
        value !== undefined &&
        typeof value !== 'object' &&
        !String(schema['description']).includes(`Default: ${JSON.stringify(value).replaceAll('"', '')}.`)
      );
    });
    expect(untold.map(({ path }) => path)).toEqual([]);
  });
});

describe('defaults', () => {
  const minimal = { model: { name: 'm' }, engine: { image: 'i' }, scaling: { maxReplicas: 8 } };

  test('are the same in the CRD and in the operator, but for empty lists and maps', () => {
    const byApiServer = defaulted(minimal, structuralSchema(VLLMDeploymentSpec));
    expect(byApiServer).toEqual(withoutEmpty(VLLMDeploymentSpec.parse(minimal)));
  });

  test('that the API server filled in change nothing when they are read back', () => {
    const byApiServer = defaulted(minimal, structuralSchema(VLLMDeploymentSpec));
    expect(VLLMDeploymentSpec.parse(byApiServer)).toEqual(VLLMDeploymentSpec.parse(minimal));
  });
});

/** Structural defaulting as the API server does it: missing fields get their default, then the same below. */
function defaulted(value: unknown, schema: JsonObject): unknown {
  const { properties } = schema;
  if (!isJsonObject(value) || !isJsonObject(properties)) return value;
  const filled = new Map(Object.entries(value));
  for (const [key, child] of Object.entries(properties)) {
    if (!isJsonObject(child)) continue;
    const member = filled.get(key) ?? child['default'];
    if (member !== undefined) filled.set(key, defaulted(member, child));
  }
  return Object.fromEntries(filled);
}

function withoutEmpty(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value)
    .map(([key, member]) => [key, withoutEmpty(member)] as const)
    .filter(([, member]) => typeof member !== 'object' || member === null || Object.keys(member).length > 0);
  return Object.fromEntries(kept);
}
