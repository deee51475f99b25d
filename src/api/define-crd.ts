import type { z } from 'zod';
import type { JsonObject } from './json.ts';
import type { CelRule } from './schema.ts';
import { structuralSchema } from './structural-schema.ts';

/** A column of `kubectl get`; priority 1 shows it only with `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: 1;
}

/** What a resource is besides its schemas. */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly description: string;
  readonly spec: z.ZodType;
  readonly specDescription: string;
  readonly status: z.ZodType;
  readonly statusDescription: string;
  /** Rules on the whole object, the only ones that may look at `self.metadata.name`. */
  readonly rules: readonly CelRule[];
  readonly printerColumns: readonly PrinterColumn[];
  readonly scale: {
    readonly specReplicasPath: string;
    readonly statusReplicasPath: string;
    readonly labelSelectorPath: string;
  };
}

/** The CustomResourceDefinition of a resource, as an object to be written as YAML. */
export function defineCrd(resource: ResourceDefinition): JsonObject {
  const { group, version, kind, plural, singular, shortNames, categories, printerColumns, scale } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          additionalPrinterColumns: printerColumns,
          subresources: { status: {}, scale },
          schema: { openAPIV3Schema: objectSchema(resource) },
        },
      ],
    },
  };
}

function objectSchema(resource: ResourceDefinition): JsonObject {
  return {
    type: 'object',
    description: resource.description,
    required: ['spec'],
    'x-kubernetes-validations': resource.rules,
    properties: {
      apiVersion: {
        type: 'string',
        description: `Version of the schema of this object: ${resource.group}/${resource.version}.`,
      },
      kind: { type: 'string', description: `Kind of this object: ${resource.kind}.` },
      metadata: { type: 'object', properties: { name: { type: 'string' } } },
      spec: { description: resource.specDescription, ...structuralSchema(resource.spec) },
      status: { description: resource.statusDescription, ...structuralSchema(resource.status) },
    },
  };
}
