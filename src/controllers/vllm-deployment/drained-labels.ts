import { z } from 'zod';
import { RESERVED_PREFIX } from '../../api/v1alpha1/constants.ts';

const DrainedLabels = z.record(
  z.string().refine((key) => !key.startsWith(RESERVED_PREFIX)),
  z.string(),
);

/**
 * The labels that a mark took off, from the pod's annotation. What is not what we write is taken for absent: somebody
 * else wrote it, and what it says must not end up on the pod.
 */
export function readDrainedLabels(text: string | undefined): Readonly<Record<string, string>> | undefined {
  if (text === undefined) return undefined;
  try {
    return DrainedLabels.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
