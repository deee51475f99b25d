import { AIBRIX_APA } from './aibrix-apa.ts';
import { HPA_ON_KV } from './hpa-on-kv.ts';
import { KEDA_ON_RUNNING, KEDA_ON_SEATS, KEDA_ON_WAITING } from './keda.ts';
import { KNATIVE_KPA } from './knative-kpa.ts';
import { SHIPPED } from './shipped.ts';
import type { Policy } from './types.ts';
import { WVA_V1 } from './wva-saturation.ts';
import { WVA_V2 } from './wva-tokens.ts';

export { SHIPPED };

/** What a cluster would use without us. */
export const PEERS: readonly Policy[] = [
  HPA_ON_KV,
  KEDA_ON_WAITING,
  KEDA_ON_RUNNING,
  KEDA_ON_SEATS,
  KNATIVE_KPA,
  AIBRIX_APA,
  WVA_V1,
  WVA_V2,
];
