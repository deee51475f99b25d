import { z } from 'zod';
import { ROLLS, rules } from '../schema.ts';

/** A Kubernetes quantity; the API server accepts whole numbers too, and they are read as text. */
export const Quantity = z.union([z.int(), z.string().max(64)]).transform(String);

const QuantityMap = z
  .record(z.string(), Quantity)
  .meta({ maxProperties: 32 })
  .meta(
    rules({
      rule: "self.all(key, type(self[key]) == int ? int(self[key]) >= 0 : isQuantity(string(self[key])) && !quantity(string(self[key])).isLessThan(quantity('0')))",
      message: 'every value must be a quantity that is not negative, such as "1", "500m" or "80Gi"',
    }),
  );

export const Resources = z.object({
  limits: QuantityMap.default({}).describe(
    `Most of each resource that an engine may use, such as nvidia.com/gpu: "2" or memory: 64Gi. Where limits and requests name no device, tensorParallelSize × pipelineParallelSize of nvidia.com/gpu are added; say nvidia.com/gpu: "0" for engines without a GPU. ${ROLLS}`,
  ),
  requests: QuantityMap.default({}).describe(
    `What a node must have free for an engine. Default: as limits. ${ROLLS}`,
  ),
});
