import { z } from 'zod';

export const Drain = z.object({
  timeoutSeconds: z.int().min(1).max(86_400).exactOptional(),
  settleSeconds: z.int().min(0).max(300).default(10),
  terminationGracePeriodSeconds: z.int().min(1).max(90_000).exactOptional(),
});
