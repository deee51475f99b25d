import type { Token } from './tokens.ts';

interface Ban {
  /** Texts of consecutive tokens. */
  readonly tokens: readonly string[];
  readonly why: string;
}

const ASYNC: readonly Ban[] = ['async', 'await', 'Promise'].map((word) => ({
  tokens: [word],
  why: 'a pure rank returns values and never waits',
}));

const CLOCK: readonly Ban[] = [
  ['Date', '.', 'now'],
  ['new', 'Date', '(', ')'],
  ['new', 'Date', ';'],
  ['performance', '.', 'now'],
  ['setTimeout'],
  ['setInterval'],
  ['setImmediate'],
  ['queueMicrotask'],
].map((tokens) => ({ tokens, why: 'time comes in as an argument or through the Clock port' }));

const RANDOM: readonly Ban[] = [
  ['Math', '.', 'random'],
  ['randomUUID'],
  ['randomBytes'],
  ['randomInt'],
  ['getRandomValues'],
].map((tokens) => ({ tokens, why: 'randomness comes in as a seeded generator' }));

const OUTSIDE: readonly Ban[] = [['process', '.'], ['console', '.'], ['fetch', '('], ['globalThis']].map(
  (tokens) => ({ tokens, why: 'I/O and the process belong to ranks 8 and above' }),
);

/** What a pure file does that it must not, one sentence each, with the line. */
export function impurities(tokens: readonly Token[], mayBeAsync: boolean): readonly string[] {
  const bans = [...(mayBeAsync ? [] : ASYNC), ...CLOCK, ...RANDOM, ...OUTSIDE];
  return tokens.flatMap((token, index) =>
    bans
      .filter((ban) => standsAt(ban, tokens, index))
      .map((ban) => `line ${token.line}: uses ${ban.tokens.join('')}; ${ban.why}`),
  );
}

/** A member of something else (`job.process.name`) or a key (`{ process: 1 }`) is not the global of that name. */
function standsAt(ban: Ban, tokens: readonly Token[], index: number): boolean {
  if (tokens[index - 1]?.text === '.' || tokens[index]?.kind !== 'word') return false;
  if (ban.tokens.length === 1 && tokens[index + 1]?.text === ':') return false;
  return ban.tokens.every((text, offset) => {
    const token = tokens[index + offset];
    return token !== undefined && token.kind !== 'string' && token.text === text;
  });
}
