import type { PageState } from './accumulate.ts';
import { HASH, NEWLINE, SPACE, TAB, nextLine, skipBlanks } from './bytes.ts';
import { PageLayout, type Value } from './layout.ts';

/** Four times a real page; a layout is kept, so that its size must have a limit. */
const LARGEST_PAGE = 256 * 1024;

/**
 * The layout of a page that was read in full, `wanted` being the values that a sample needs, in page order, and
 * `takeState` handing over the state that they went to. `undefined` if the page cannot be told by the text between its values: a value
 * with something behind it, a line of blanks and one word, a zero byte.
 */
export function learnLayout(
  bytes: Uint8Array,
  wanted: readonly Value[],
  takeState: () => PageState,
): PageLayout | undefined {
  if (bytes.length > LARGEST_PAGE || bytes.includes(0)) return undefined;
  const values: Value[] = [];
  let next = 0;
  for (let line = 0; line < bytes.length;) {
    const after = nextLine(bytes, line);
    const known = wanted[next];
    if (known !== undefined && known.start < after) {
      if (bytes[known.end] !== NEWLINE) return undefined;
      values.push(known);
      next++;
    } else {
      const start = unwantedValue(bytes, line, after - 1);
      if (start < 0) return undefined;
      if (start < after - 1) values.push({ start, end: after - 1, place: undefined });
    }
    line = after;
  }
  return new PageLayout(bytes.slice(), takeState(), values);
}

/**
 * Where the last word of a line of no interest begins, which may change from page to page; `end` for a comment, which
 * may not. -1 if the line has no other word before it: then another word there could make it a line of interest.
 */
function unwantedValue(bytes: Uint8Array, start: number, end: number): number {
  const first = skipBlanks(bytes, start);
  if (first >= end || bytes[first] === HASH) return end;
  let at = end;
  while (at > first && bytes[at - 1] !== SPACE && bytes[at - 1] !== TAB) at--;
  return at > first ? at : -1;
}
