import { z } from 'zod';

/** A Kubernetes quantity; the API server accepts whole numbers too, and they are read as text. */
export const Quantity = z.union([z.int(), z.string().max(64)]).transform(String);

const QuantityMap = z.record(z.string(), Quantity);

export const Resources = z.object({
  limits: QuantityMap.default({}),
  requests: QuantityMap.default({}),
});
