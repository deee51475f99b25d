import { z } from 'zod';
import { ROLLS, rules, ruleWithValues } from '../schema.ts';

/** A Kubernetes quantity; the API server accepts whole numbers too, and they are read as text. */
export const Quantity = z.union([z.int(), z.string().max(64)]).transform(String);

const IS_QUANTITY =
  "(type(self[key]) == int ? int(self[key]) >= 0 : isQuantity(string(self[key])) && !quantity(string(self[key])).isLessThan(quantity('0')))";

const IS_PART_OF_DEVICE =
  "(key.contains('/') && isQuantity(string(self[key])) && !quantity(string(self[key])).isInteger())";

const QuantityMap = z
  .record(z.string(), Quantity)
  .meta({ maxProperties: 32 })
  .meta(
    rules(
      ruleWithValues(
        `self.all(key, ${IS_QUANTITY})`,
        'the value of %s is not a quantity: write one that is not negative, such as "1", "500m" or "80Gi"',
        `self.filter(key, !${IS_QUANTITY})[0]`,
      ),
      ruleWithValues(
        `!self.exists(key, ${IS_PART_OF_DEVICE})`,
        '%s is a device: write a whole number such as "1"',
        `self.filter(key, ${IS_PART_OF_DEVICE})[0]`,
      ),
    ),
  );

export const Resources = z.object({
  limits: QuantityMap.default({}).describe(
    `Most of each resource that an engine may use, such as nvidia.com/gpu: "2" or memory: 64Gi. Where limits and requests name no device, tensorParallelSize × pipelineParallelSize of nvidia.com/gpu are added; say nvidia.com/gpu: "0" for engines without a GPU. ${ROLLS}`,
  ),
  requests: QuantityMap.default({}).describe(
    `What a node must have free for an engine. Default: as limits. ${ROLLS}`,
  ),
});
