import {
  BACKSLASH,
  CLOSE_BRACE,
  COMMA,
  EQUALS,
  NEWLINE,
  QUOTE,
  SPACE,
  TAB,
  sameBytes,
  skipBlanks,
} from './bytes.ts';

/** A slice of the page. */
export interface Slice {
  start: number;
  end: number;
}

const encoder = new TextEncoder();
const LE = encoder.encode('le');
const ENGINE = encoder.encode('engine');
const REASON = encoder.encode('reason');
const SOURCE = encoder.encode('source');
const SLEEP_STATE = encoder.encode('sleep_state');
const WORKER_ID = encoder.encode('WorkerId');
const MODEL_NAME = encoder.encode('model_name');
const FINISHED_REASON = encoder.encode('finished_reason');

/** More bytes than any model name, rank or reason has; stops a page from filling memory through a label. */
export const LONGEST_LABEL_VALUE = 512;

/**
 * Reads one label block and keeps where the labels stand that tell series apart. Values are not decoded: most
 * series carry the same ones as the series before.
 */
export class LabelReader {
  readonly engine: Slice = { start: 0, end: 0 };
  readonly model: Slice = { start: 0, end: 0 };
  readonly le: Slice = { start: 0, end: 0 };
  readonly reason: Slice = { start: 0, end: 0 };
  /** Ray's name for the process of an engine: one page may hold several of them. */
  readonly worker: Slice = { start: 0, end: 0 };
  private readonly other: Slice = { start: 0, end: 0 };

  clear(): void {
    this.engine.start = this.engine.end = 0;
    this.model.start = this.model.end = 0;
    this.le.start = this.le.end = 0;
    this.reason.start = this.reason.end = 0;
    this.worker.start = this.worker.end = 0;
  }

  /** Reads from just after `{` to just after `}` into cleared slices; that position, or -1 if the block is malformed. */
  read(bytes: Uint8Array, start: number): number {
    let at = skipBlanks(bytes, start);
    while (bytes[at] !== CLOSE_BRACE) {
      const nameEnd = readLabelName(bytes, at);
      if (nameEnd === at) return -1;
      at = readLabelValue(bytes, nameEnd, this.slotFor(bytes, at, nameEnd));
      if (at < 0) return -1;
    }
    return at + 1;
  }

  /** Bytes in the longest of the values that are kept. */
  longest(): number {
    return Math.max(
      this.engine.end - this.engine.start,
      this.model.end - this.model.start,
      this.le.end - this.le.start,
      this.reason.end - this.reason.start,
      this.worker.end - this.worker.start,
    );
  }

  private slotFor(bytes: Uint8Array, start: number, end: number): Slice {
    switch (end - start) {
      case 2:
        return is(LE, bytes, start, end) ? this.le : this.other;
      case 6:
        if (is(ENGINE, bytes, start, end)) return this.engine;
        if (is(REASON, bytes, start, end)) return this.reason;
        return is(SOURCE, bytes, start, end) ? this.reason : this.other;
      case 8:
        return is(WORKER_ID, bytes, start, end) ? this.worker : this.other;
      case 10:
        return is(MODEL_NAME, bytes, start, end) ? this.model : this.other;
      case 11:
        return is(SLEEP_STATE, bytes, start, end) ? this.reason : this.other;
      case 15:
        return is(FINISHED_REASON, bytes, start, end) ? this.reason : this.other;
      default:
        return this.other;
    }
  }
}

export function is(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  return sameBytes(name, 0, name.length, bytes, start, end);
}

/** Reads `="value"` and the comma after it; the position of the next label or `}`, or -1. */
export function readLabelValue(bytes: Uint8Array, start: number, into: Slice): number {
  let at = bytes[start] === EQUALS ? start : skipBlanks(bytes, start);
  if (bytes[at] !== EQUALS) return -1;
  at = bytes[at + 1] === QUOTE ? at + 1 : skipBlanks(bytes, at + 1);
  if (bytes[at] !== QUOTE) return -1;
  at++;
  into.start = at;
  for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[at]) {
    if (byte === NEWLINE) return -1;
    at += byte === BACKSLASH && bytes[at + 1] !== NEWLINE ? 2 : 1;
  }
  into.end = at;
  at++;
  if (bytes[at] === CLOSE_BRACE) return at;
  at = skipBlanks(bytes, at);
  if (bytes[at] === COMMA) return skipBlanks(bytes, at + 1);
  return bytes[at] === CLOSE_BRACE ? at : -1;
}

/** The position after the label's name that begins at `start`. */
export function readLabelName(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isNameByte(bytes[at] ?? 0)) at++;
  return at;
}

function isNameByte(byte: number): boolean {
  return (
    byte !== EQUALS && byte !== SPACE && byte !== TAB && byte !== NEWLINE && byte !== QUOTE && byte !== COMMA
  );
}
