/** Three digits each, so that a prompt of n tokens is a slice of one prepared text. */
const SMALLEST_TOKEN = 100;
const TOKENS = 900;

/** `ddd,` */
const WIDTH = 4;

/** Tokens that number a prompt: 900^4 prompts differ. They stand first, so that no two prompts share a cached block. */
const NUMBER_TOKENS = 4;

/**
 * Prepares prompts of token ids with exact lengths: no tokenizer, and no cost in the sending loop. Prompts of different
 * ids differ from their first block on, so the engine's prefix cache cannot help; those of another seed differ too.
 *
 * @param longest tokens of the longest prompt that will be asked for
 * @returns a function that gives the JSON text of the token array of prompt `id`
 */
export function createPrompts(longest: number, seed: number): (id: number, tokens: number) => string {
  const filler = Array.from(
    { length: longest },
    (_, index) => SMALLEST_TOKEN + ((index * 7919 + seed) % TOKENS),
  );
  const text = filler.join(',');
  return (id, tokens) => {
    const number = numberTokens(id, seed).slice(0, tokens);
    const rest = text.slice(0, Math.max(0, (tokens - number.length) * WIDTH - 1));
    return `[${[...number, ...(rest === '' ? [] : [rest])].join(',')}]`;
  };
}

/** The prompt's number in base 900, least significant digit first. */
function numberTokens(id: number, seed: number): readonly number[] {
  return Array.from({ length: NUMBER_TOKENS }, (_, index) => {
    const digit = Math.floor((seed * 1_000_003 + id) / TOKENS ** index) % TOKENS;
    return SMALLEST_TOKEN + digit;
  });
}
