/**
 * Token counts without a tokenizer: four characters a token, at least one, which is close to English text under
 * the usual vocabularies. A prompt given as token ids counts exactly.
 */
const CHARACTERS_PER_TOKEN = 4;

/** A chat template's own tokens: role and separators of each message, and the opening of the reply. */
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PER_REPLY = 3;

export function countTextTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / CHARACTERS_PER_TOKEN));
}

/** @param contents the text of each message; an empty one costs its template tokens alone */
export function countChatTokens(contents: readonly string[]): number {
  let tokens = TOKENS_PER_REPLY;
  for (const text of contents) {
    tokens += TOKENS_PER_MESSAGE + Math.ceil(text.length / CHARACTERS_PER_TOKEN);
  }
  return tokens;
}
