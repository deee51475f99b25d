/**
 * A number as prometheus_client writes it: Python's `repr`, but from 1e6 on as mantissa and a `0`-padded
 * exponent (so 1.07e+010 has three digits), and `+Inf` for infinity.
 */
export function formatValue(value: number): string {
  if (value === 0) return '0.0';
  if (value === Infinity) return '+Inf';
  if (value >= 1e6) return large(value);
  if (Number.isInteger(value)) return `${value}.0`;
  const magnitude = Math.abs(value);
  return magnitude < 1e-4 ? small(value) : String(value);
}

function large(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e+');
  // From 1e16 on Python's repr has an exponent of its own, of two digits, and the client leaves it alone.
  return value >= 1e16 ? `${mantissa}e+${exponent.padStart(2, '0')}` : `${mantissa}e+0${exponent}`;
}

function small(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e-');
  return `${mantissa}e-${exponent.padStart(2, '0')}`;
}

export type Labels = Readonly<Record<string, string>>;

/** `{a="x",b="y"}`, keys in alphabetical order as on real pages; nothing for no labels. */
export function formatLabels(labels: Labels): string {
  const keys = Object.keys(labels).toSorted();
  if (keys.length === 0) return '';
  return `{${keys.map((key) => `${key}="${escapeLabel(labels[key] ?? '')}"`).join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

export function formatHeader(name: string, type: MetricType, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}
