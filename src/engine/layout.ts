import type { PageState, Rank } from './accumulate.ts';
import { NEWLINE, NumberReader } from './bytes.ts';
import type { Family } from './families.ts';

/** Where a value goes: its family, and what the labels of its series said. */
export interface Place {
  readonly family: Family;
  readonly rank: Rank | undefined;
  readonly reason: number;
  readonly bound: number;
}

/** Where a value stands in the page that a layout was learned from; without a place if no sample needs it. */
export interface Value {
  readonly start: number;
  readonly end: number;
  readonly place: Place | undefined;
}

const WORD = 8;
const number = new NumberReader();

/**
 * What stays the same from one page of an engine to the next: all of the text between the values, and with it the
 * meaning of each value. A page with the same text is read by comparing that text eight bytes at a time and reading
 * the values alone; no value is ever taken over from an earlier page.
 */
export class PageLayout {
  /** The page that the layout was learned from; the slices in `state` refer to it. */
  readonly text: Uint8Array;
  readonly state: PageState;
  private readonly words: DataView;
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly places: readonly (Place | undefined)[];

  /** `text` holds no zero byte, so that words of it compare as numbers: equal numbers are then equal bytes. */
  constructor(text: Uint8Array, state: PageState, values: readonly Value[]) {
    this.text = text;
    this.state = state;
    this.words = new DataView(text.buffer, text.byteOffset, text.length);
    this.starts = Int32Array.from(values, ({ start }) => start);
    this.ends = Int32Array.from(values, ({ end }) => end);
    this.places = values.map(({ place }) => place);
  }

  /** Reads a page of this layout into `state`; false, with `state` spoilt, if the page has another one. */
  read(bytes: Uint8Array): boolean {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { starts, ends, places, state } = this;
    state.rewind();
    let from = 0;
    let at = 0;
    for (let i = 0; i < starts.length; i++) {
      const to = starts[i] ?? 0;
      if (!this.sameText(from, to, words, at)) return false;
      at = readValue(state, places[i], bytes, at + to - from);
      if (at < 0) return false;
      from = ends[i] ?? 0;
    }
    const rest = this.text.length - from;
    return bytes.length - at === rest && this.sameText(from, this.text.length, words, at);
  }

  /** Whether the text in `[from, to)` stands at `at` of the page, too. */
  private sameText(from: number, to: number, page: DataView, at: number): boolean {
    const { words } = this;
    const shift = at - from;
    if (to + shift > page.byteLength) return false;
    let pos = from;
    for (const last = to - WORD; pos <= last; pos += WORD) {
      if (words.getFloat64(pos, true) !== page.getFloat64(pos + shift, true)) return false;
    }
    for (; pos < to; pos++) {
      if (words.getUint8(pos) !== page.getUint8(pos + shift)) return false;
    }
    return true;
  }
}

/** The position of the line feed after the value at `at`; -1 if it is none, or one that needs a closer look. */
function readValue(state: PageState, place: Place | undefined, bytes: Uint8Array, at: number): number {
  if (place === undefined) {
    let end = at;
    while (end < bytes.length && bytes[end] !== NEWLINE) end++;
    return end < bytes.length ? end : -1;
  }
  number.read(bytes, at);
  const { end } = number;
  if (end < 0 || bytes[end] !== NEWLINE) return -1;
  const { family, rank, reason, bound } = place;
  return state.put(family, rank, reason, bound, number.value) ? end : -1;
}
