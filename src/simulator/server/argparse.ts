import { FLAG_ALIASES, SERVE_FLAGS, type FlagKind } from './serve-flags.ts';
import { isInSpan, parseVersion } from './vllm-version.ts';

/** Raw values by flag name without dashes; a switch has the value `true` or `false`. */
export type RawFlags = ReadonlyMap<string, string | boolean | readonly string[]>;

export type ArgparseOutcome =
  | { readonly kind: 'Parsed'; readonly positionals: readonly string[]; readonly flags: RawFlags }
  | { readonly kind: 'Refused'; readonly message: string };

interface KnownFlag {
  readonly name: string;
  readonly kind: FlagKind;
  readonly value: boolean;
}

/** Reads arguments as Python's argparse does for `vllm serve` of one version, its complaints included. */
export function argparse(args: readonly string[], vllmVersion: string): ArgparseOutcome {
  const version = parseVersion(vllmVersion);
  const positionals: string[] = [];
  const unrecognized: string[] = [];
  const flags = new Map<string, string | boolean | readonly string[]>();
  let i = 0;
  while (i < args.length) {
    const argument = args[i] ?? '';
    i += 1;
    if (!looksLikeFlag(argument)) {
      if (positionals.length === 0) positionals.push(argument);
      else unrecognized.push(argument);
      continue;
    }
    const equals = argument.indexOf('=');
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    const flag = lookUp(written, version);
    if (flag === undefined) {
      unrecognized.push(argument);
      continue;
    }
    const values = inline === undefined ? takeValues(args, i, flag.kind) : [inline];
    if (inline === undefined) i += values.length;
    const read = readValues(flag, values, inline !== undefined);
    if (read.kind === 'Refused') return read;
    flags.set(flag.name, read.value);
  }
  if (unrecognized.length > 0) {
    return { kind: 'Refused', message: `unrecognized arguments: ${unrecognized.join(' ')}` };
  }
  return { kind: 'Parsed', positionals, flags };
}

/** A negative number is a value, as argparse sees it. */
function looksLikeFlag(argument: string): boolean {
  return argument.startsWith('-') && argument.length > 1 && !/^-\d/.test(argument);
}

/** vLLM takes underscores for dashes. */
function lookUp(written: string, version: readonly number[]): KnownFlag | undefined {
  const alias = FLAG_ALIASES[written];
  if (alias === undefined && !written.startsWith('--')) return undefined;
  const name = alias ?? written.slice(2).replaceAll('_', '-');
  const positive = specOf(name, version);
  if (positive !== undefined) return { name, kind: positive, value: true };
  const contrary = name.startsWith('no-') ? name.slice(3) : '';
  return specOf(contrary, version) === 'toggle'
    ? { name: contrary, kind: 'toggle', value: false }
    : undefined;
}

function specOf(name: string, version: readonly number[]): FlagKind | undefined {
  const spec = Object.hasOwn(SERVE_FLAGS, name) ? SERVE_FLAGS[name] : undefined;
  return spec !== undefined && isInSpan(spec, version) ? spec.kind : undefined;
}

function takeValues(args: readonly string[], from: number, kind: FlagKind): readonly string[] {
  if (kind === 'switch' || kind === 'toggle') return [];
  const most = kind === 'list' ? args.length : from + 1;
  let to = from;
  while (to < most && to < args.length && !looksLikeFlag(args[to] ?? '')) to += 1;
  return args.slice(from, to);
}

type ReadValue =
  | { readonly kind: 'Value'; readonly value: string | boolean | readonly string[] }
  | { readonly kind: 'Refused'; readonly message: string };

function readValues(flag: KnownFlag, values: readonly string[], inline: boolean): ReadValue {
  const refused = (complaint: string): ReadValue => ({
    kind: 'Refused',
    message: `argument --${flag.name}: ${complaint}`,
  });
  const [first] = values;
  switch (flag.kind) {
    case 'switch':
    case 'toggle':
      if (inline) return refused(`ignored explicit argument '${first ?? ''}'`);
      return { kind: 'Value', value: flag.value };
    case 'list':
      return first === undefined
        ? refused('expected at least one argument')
        : { kind: 'Value', value: values };
    case 'integer':
    case 'number':
    case 'text':
      if (first === undefined) return refused('expected one argument');
      if (flag.kind === 'integer' && !/^-?\d+$/.test(first)) return refused(`invalid int value: '${first}'`);
      if (flag.kind === 'number' && !isNumber(first)) return refused(`invalid float value: '${first}'`);
      return { kind: 'Value', value: first };
  }
}

function isNumber(value: string): boolean {
  return value.trim() !== '' && Number.isFinite(Number(value));
}
