import { z } from 'zod';
import { atomicList, mapList } from '../schema.ts';

/** An object of the Kubernetes API that is passed on as it is; the API server checks it in the ReplicaSet. */
const PassedOn = z.looseObject({});
const Named = z.looseObject({ name: z.string().min(1).max(253) });
const StringMap = z.record(z.string(), z.string().max(262_144));

export const Template = z.object({
  labels: StringMap.default({}),
  annotations: StringMap.default({}),
  nodeSelector: StringMap.default({}),
  tolerations: z.array(PassedOn).max(64).meta(atomicList).default([]),
  affinity: PassedOn.exactOptional(),
  topologySpreadConstraints: z.array(PassedOn).max(32).meta(atomicList).default([]),
  priorityClassName: z.string().min(1).max(253).exactOptional(),
  runtimeClassName: z.string().min(1).max(253).exactOptional(),
  schedulerName: z.string().min(1).max(253).exactOptional(),
  serviceAccountName: z.string().min(1).max(253).exactOptional(),
  imagePullSecrets: z
    .array(z.object({ name: z.string().min(1).max(253) }))
    .max(16)
    .meta(mapList('name'))
    .default([]),
  securityContext: PassedOn.exactOptional(),
  volumes: z.array(Named).max(64).meta(mapList('name')).default([]),
  volumeMounts: z
    .array(z.looseObject({ name: z.string().min(1).max(253), mountPath: z.string().min(1).max(1024) }))
    .max(64)
    .meta(mapList('mountPath'))
    .default([]),
  initContainers: z.array(Named).max(16).meta(mapList('name')).default([]),
  sidecars: z.array(Named).max(16).meta(mapList('name')).default([]),
});
