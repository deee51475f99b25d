import { z } from 'zod';
import { atomicList, type CelRule, mapList, ROLLS, rules, ruleWithValues } from '../schema.ts';
import {
  ANNOTATIONS,
  CACHE_VOLUME,
  ENGINE_CONTAINER,
  RESERVED_PREFIX,
  SHM_PATH,
  SHM_VOLUME,
} from './constants.ts';

/** An object of the Kubernetes API that is passed on as it is; the API server checks it in the pod. */
const PassedOn = z.looseObject({});
const Name = z.string().min(1).max(253);
const StringMap = z.record(z.string(), z.string().max(65_536)).meta({ maxProperties: 64 });

const Container = z.looseObject({
  name: Name.describe(`Name of the container. ${ROLLS}`),
  image: z.string().min(1).max(512).describe(`Image of the container. ${ROLLS}`),
});

const RESERVED_KEY = `(key.startsWith('${RESERVED_PREFIX}') || key == '${ANNOTATIONS.podDeletionCost}')`;

const noReservedKeys: CelRule = ruleWithValues(
  `!self.exists(key, ${RESERVED_KEY})`,
  'remove %s: the operator sets this key',
  `self.filter(key, ${RESERVED_KEY})[0]`,
);

const notTheEngine: CelRule = {
  rule: `!self.exists(container, container.name == '${ENGINE_CONTAINER}')`,
  message: `the name "${ENGINE_CONTAINER}" is the operator's own container: give this container another name`,
};

/** The parts of a pod that users may set. The list is closed: what is not here cannot break a drain. */
export const Template = z
  .object({
    labels: StringMap.default({})
      .describe(`Further labels of the pods. Default: none. ${ROLLS}`)
      .meta(rules(noReservedKeys)),
    annotations: StringMap.default({})
      .describe(`Further annotations of the pods. Default: none. ${ROLLS}`)
      .meta(rules(noReservedKeys)),
    nodeSelector: StringMap.default({}).describe(`Labels that a node must have. Default: none. ${ROLLS}`),
    tolerations: z
      .array(PassedOn)
      .max(64)
      .meta(atomicList)
      .default([])
      .describe(`Taints of nodes that the pods tolerate, as in a pod. Default: none. ${ROLLS}`),
    affinity: PassedOn.exactOptional().describe(`Affinity, as in a pod. Default: none. ${ROLLS}`),
    topologySpreadConstraints: z
      .array(PassedOn)
      .max(32)
      .meta(atomicList)
      .default([])
      .describe(`How the pods spread over zones and nodes, as in a pod. Default: none. ${ROLLS}`),
    priorityClassName: Name.exactOptional().describe(
      `PriorityClass of the pods. Default: the cluster's. ${ROLLS}`,
    ),
    runtimeClassName: Name.exactOptional().describe(
      `RuntimeClass of the pods. Default: the cluster's. ${ROLLS}`,
    ),
    schedulerName: Name.exactOptional().describe(
      `Scheduler that places the pods. Default: default-scheduler. ${ROLLS}`,
    ),
    serviceAccountName: Name.exactOptional().describe(
      `ServiceAccount of the pods, with its token mounted. Default: the namespace's default account, no token mounted. ${ROLLS}`,
    ),
    imagePullSecrets: z
      .array(z.object({ name: Name.describe(`Name of the Secret. ${ROLLS}`) }))
      .max(16)
      .meta(mapList('name'))
      .default([])
      .describe(`Secrets with which the images are pulled. Default: none. ${ROLLS}`),
    securityContext: PassedOn.exactOptional().describe(
      `Security context of the pod (not of a container), as in a pod. Default: none. ${ROLLS}`,
    ),
    volumes: z
      .array(z.looseObject({ name: Name.describe(`Name of the volume. ${ROLLS}`) }))
      .max(64)
      .meta(mapList('name'))
      .default([])
      .describe(`Further volumes of the pods, as in a pod. Default: none. ${ROLLS}`)
      .meta(
        rules({
          rule: `!self.exists(volume, volume.name in ['${SHM_VOLUME}', '${CACHE_VOLUME}'])`,
          message: `the names "${SHM_VOLUME}" and "${CACHE_VOLUME}" are volumes of the operator: give this volume another name`,
        }),
      ),
    volumeMounts: z
      .array(
        z.looseObject({
          name: Name.describe(`Name of one of template.volumes. ${ROLLS}`),
          mountPath: z
            .string()
            .min(1)
            .max(1024)
            .describe(`Path in the engine's container at which the volume is mounted. ${ROLLS}`),
        }),
      )
      .max(64)
      .meta(mapList('mountPath'))
      .default([])
      .describe(`Further mounts of the engine's container, as in a container. Default: none. ${ROLLS}`)
      .meta(
        rules({
          rule: `!self.exists(mount, mount.mountPath.matches('^${SHM_PATH}/*$'))`,
          message: `${SHM_PATH} is mounted by the operator as a memory volume: remove this mount`,
        }),
      ),
    initContainers: z
      .array(Container)
      .max(16)
      .meta(mapList('name'))
      .default([])
      .describe(
        `Containers that run to their end before the engine starts, as in a pod. Default: none. ${ROLLS}`,
      )
      .meta(rules(notTheEngine)),
    sidecars: z
      .array(Container)
      .max(16)
      .meta(mapList('name'))
      .default([])
      .describe(
        `Containers beside the engine. They start before it and stop after it (native sidecars), so that a proxy outlives the drain. Default: none. ${ROLLS}`,
      )
      .meta(rules(notTheEngine)),
  })
  .meta(
    rules({
      rule: `!has(self.volumeMounts) || self.volumeMounts.all(mount, mount.name in ['${SHM_VOLUME}', '${CACHE_VOLUME}'] || (has(self.volumes) && self.volumes.exists(volume, volume.name == mount.name)))`,
      message:
        'every volumeMounts[].name must be the name of one of volumes: add the volume, or remove the mount',
    }),
  );
