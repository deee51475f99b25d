/** Suffixes of Kubernetes' quantities (apimachinery `resource.Quantity`): binary, and decimal ones down to nano. */
const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;

/** The number that a quantity such as `1500Mi`, `2G` or `1e9` stands for; undefined for what is none. */
export function quantityValue(text: string): number | undefined {
  const [, digits, exponent = '', suffix = ''] = QUANTITY.exec(text) ?? [];
  const factor = FACTORS[suffix];
  if (digits === undefined || factor === undefined) return undefined;
  const value = Number(`${digits}${exponent}`) * factor;
  return Number.isFinite(value) ? value : undefined;
}
