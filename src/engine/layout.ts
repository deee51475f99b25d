import type { PageState, Rank } from './accumulate.ts';
import { HASH, NEWLINE, NumberReader, SPACE, TAB, sameText } from './bytes.ts';
import type { Family } from './families.ts';

/** Where a value goes: its family, and what the labels of its series said. */
export interface Place {
  readonly family: Family;
  readonly rank: Rank | undefined;
  readonly reason: number;
  readonly bound: number;
}

/** Four times a real page; a layout is kept, so that its size must have a limit. */
const LARGEST_PAGE = 256 * 1024;
const number = new NumberReader();

/** Where the values of a page stand, in page order: noted while the page is read in full. */
export class ValueLog {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Where each value goes; `undefined` for one that no sample needs. */
  readonly places: (Place | undefined)[] = [];
  /** False once a line cannot be told by the text around its value. */
  usable = true;

  add(bytes: Uint8Array, start: number, end: number, place: Place | undefined): void {
    // A time stamp or an exemplar behind a value changes from page to page, too.
    if (bytes[end] !== NEWLINE) this.usable = false;
    this.starts.push(start);
    this.ends.push(end);
    this.places.push(place);
  }

  /** Notes a line of no interest: its last word may change from page to page, a comment may not. */
  addUnwanted(bytes: Uint8Array, start: number, next: number): void {
    const end = next - 1;
    if (start >= end || bytes[start] === HASH) return;
    let at = end;
    while (at > start && bytes[at - 1] !== SPACE && bytes[at - 1] !== TAB) at--;
    // Another word in the place of a lone one could make it a line of interest.
    if (at === start) this.usable = false;
    this.add(bytes, at, end, undefined);
  }
}

/**
 * What stays the same from one page of an engine to the next: all of the text between the values, and with it the
 * meaning of each value. A page with the same text is read by comparing that text, four bytes at a time, and reading
 * the values alone; no value is ever taken over from an earlier page.
 */
export class PageLayout {
  /** The page that the layout was learned from; the slices in `state` refer to it. */
  readonly text: Uint8Array;
  readonly state: PageState;
  private readonly view: DataView;
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly places: readonly (Place | undefined)[];

  private constructor(text: Uint8Array, state: PageState, log: ValueLog) {
    this.text = text;
    this.state = state;
    this.view = new DataView(text.buffer, text.byteOffset, text.length);
    this.starts = Int32Array.from(log.starts);
    this.ends = Int32Array.from(log.ends);
    this.places = log.places;
  }

  /**
   * The layout of a page that was read in full, whose values went to the state that `takeState` hands over.
   * `undefined` if the page cannot be told by the text between its values, or is too large to be kept.
   */
  static learn(bytes: Uint8Array, log: ValueLog, takeState: () => PageState): PageLayout | undefined {
    if (!log.usable || bytes.length > LARGEST_PAGE) return undefined;
    return new PageLayout(bytes.slice(), takeState(), log);
  }

  /**
   * Reads a page of this layout into `state`, and returns -1. The position up to which the page was compared, with
   * `state` spoilt, if it has another layout.
   */
  read(bytes: Uint8Array): number {
    const { starts, ends, places, state, view } = this;
    const page = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    state.rewind();
    let from = 0;
    let at = 0;
    for (let i = 0; i < starts.length; i++) {
      const length = (starts[i] ?? 0) - from;
      if (at + length > bytes.length || !sameText(view, from, page, at, length)) return at;
      const end = readValue(state, places[i], bytes, at + length);
      if (end < 0) return at;
      at = end;
      from = ends[i] ?? 0;
    }
    const rest = this.text.length - from;
    return bytes.length - at === rest && sameText(view, from, page, at, rest) ? -1 : at;
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
