import { z } from 'zod';
import { isJsonObject, type JsonObject } from './json.ts';

/**
 * A zod schema as the structural schema of a CRD. zod's own OpenAPI output is close to it; what differs is put
 * right here: bounds of integers, patterns of dates, int-or-string, open objects, empty defaults.
 */
export function structuralSchema(schema: z.ZodType): JsonObject {
  const generated = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    cycles: 'throw',
    unrepresentable: 'throw',
  });
  return structuralNode(asObject(generated));
}

function asObject(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new TypeError(`a schema must be an object, not ${JSON.stringify(value)}`);
  return value;
}

function structuralNode(node: JsonObject): JsonObject {
  if (node['anyOf'] !== undefined) return intOrString(node);
  const { type, description, properties, items, additionalProperties, ...rest } = node;
  const children = {
    ...(properties !== undefined && { properties: eachProperty(asObject(properties)) }),
    ...(items !== undefined && { items: structuralNode(asObject(items)) }),
    ...(additionalProperties !== undefined && openObject(asObject(additionalProperties))),
  };
  const named = { ...(type !== undefined && { type }), ...(description !== undefined && { description }) };
  return { ...named, ...withoutEmptyDefault(scalar({ ...named, ...rest }), children), ...children };
}

function eachProperty(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([key, node]) => [key, structuralNode(asObject(node))]),
  );
}

/** `z.record` keeps the schema of its values; `z.looseObject` (an empty schema) keeps what the user wrote. */
function openObject(values: JsonObject): JsonObject {
  if (Object.keys(values).length === 0) return { 'x-kubernetes-preserve-unknown-fields': true };
  return { additionalProperties: structuralNode(values) };
}

function scalar(node: JsonObject): JsonObject {
  if (node['type'] === 'integer') return integer(node);
  if (node['format'] !== 'date-time') return node;
  const { pattern: _, ...dateTime } = node;
  return dateTime;
}

/** zod bounds every integer by what a double holds; Kubernetes wants a format instead. */
function integer(node: JsonObject): JsonObject {
  const { minimum, maximum, ...rest } = node;
  const bounds = {
    ...(minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
  };
  const small = typeof bounds.maximum === 'number' && bounds.maximum < 2 ** 31;
  return { ...rest, format: small ? 'int32' : 'int64', ...bounds };
}

/** The one union that a structural schema allows; any other is a mistake in our schemas. */
function intOrString(node: JsonObject): JsonObject {
  const { anyOf, ...rest } = node;
  const arms = Array.isArray(anyOf) ? anyOf.map(asObject) : [];
  const text = arms.find((arm) => arm['type'] === 'string');
  if (arms.length !== 2 || text === undefined || !arms.some((arm) => arm['type'] === 'integer')) {
    throw new TypeError(`a union cannot be part of a structural schema: ${JSON.stringify(anyOf)}`);
  }
  return {
    'x-kubernetes-int-or-string': true,
    maxLength: text['maxLength'],
    ...rest,
  };
}

/** An empty list or map as default would only clutter what `kubectl get -o yaml` shows; zod fills it in. */
function withoutEmptyDefault(node: JsonObject, children: JsonObject): JsonObject {
  const { default: value, ...rest } = node;
  const isEmpty = Array.isArray(value)
    ? value.length === 0
    : isJsonObject(value) && Object.keys(value).length === 0;
  const properties = isJsonObject(children['properties']) ? Object.values(children['properties']) : [];
  const carriesDefaults = properties.some((child) => isJsonObject(child) && child['default'] !== undefined);
  return isEmpty && !carriesDefaults ? rest : node;
}
