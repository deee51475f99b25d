import { FLAG_HISTORY, type FlagHistory } from './flag-history.ts';
import { formatVersion, isAtLeast, parseVersion, type EngineVersion } from './version.ts';

/** A flag that ends the server at its start: argparse exits with status 2 on a flag that it does not know. */
export interface FlagFinding {
  /** As it was written. */
  readonly flag: string;
  readonly reason: 'FlagRemoved' | 'FlagTooNew';
  readonly message: string;
}

/**
 * The arguments that `vllm serve` of `version` is known to refuse, in their order. An unknown version, and a flag that
 * nobody looked for in it, are not found fault with.
 */
export function checkFlags(
  args: readonly string[],
  version: EngineVersion | undefined,
): readonly FlagFinding[] {
  if (version === undefined) return [];
  return args.flatMap((arg) => {
    const flag = arg.split('=', 1)[0] ?? '';
    const history = historyOf(flag);
    const finding = history === undefined ? undefined : judge(flag, history, version);
    return finding === undefined ? [] : [finding];
  });
}

/**
 * Whether `vllm serve` of `version` is known to take a flag; a flag without a history is in every release. With an
 * unknown version only such a flag is safe.
 */
export function isFlagOf(flag: string, version: EngineVersion | undefined): boolean {
  const history = historyOf(flag);
  if (history === undefined) return true;
  if (version === undefined) return false;
  const { came, went } = history;
  return (
    (came === undefined || isAtLeast(version, release(came[1]))) &&
    (went === undefined || isAtLeast(release(went[0]), version))
  );
}

/** vLLM takes underscores for dashes, and `--no-…` for the contrary of a switch. */
function historyOf(written: string): FlagHistory | undefined {
  const flag = written.replaceAll('_', '-');
  const contrary = flag.replace(/^--no-/, '--');
  return [flag, contrary]
    .map((name) => (Object.hasOwn(FLAG_HISTORY, name) ? FLAG_HISTORY[name] : undefined))
    .find(Boolean);
}

function judge(
  flag: string,
  { came, went, instead }: FlagHistory,
  version: EngineVersion,
): FlagFinding | undefined {
  const running = formatVersion(version);
  if (went !== undefined && isAtLeast(version, release(went[1]))) {
    const message = `vLLM ${running} does not take ${flag}, and would exit at its start: the flag was last seen in ${went[0]}; ${instead ?? 'remove it'}`;
    return { flag, reason: 'FlagRemoved', message };
  }
  if (came !== undefined && isAtLeast(release(came[0]), version)) {
    const message = `vLLM ${running} does not take ${flag} yet, and would exit at its start: the flag was first seen in ${came[1]}; remove it, or run ${came[1]} or newer`;
    return { flag, reason: 'FlagTooNew', message };
  }
  return undefined;
}

/** @throws Error if the table names no release */
function release(text: string): EngineVersion {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`"${text}" in the history of flags is no release`);
  return version;
}
