import type { Rank } from './accumulate.ts';
import { BACKSLASH, NEWLINE, QUOTE, sameBytes, sameText } from './bytes.ts';
import type { Family } from './families.ts';
import type { Slice } from './labels.ts';

/**
 * The buckets of one histogram stand on neighbouring lines that differ in `le` and in the value alone, and make up
 * most of a page. A line that is otherwise byte for byte the one before needs no look at its name and labels.
 */
export class BucketRun {
  family: Family | undefined;
  rank: Rank | undefined;
  /** Of the line that `matches` has just accepted. */
  leStart = 0;
  leEnd = 0;
  labelsEnd = 0;
  private lineStart = 0;
  private headLength = 0;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** Begins a page. */
  clear(bytes: Uint8Array): void {
    this.family = undefined;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Begins a run with a bucket's line that was read in full. */
  begin(lineStart: number, le: Slice, labelsEnd: number, family: Family, rank: Rank): void {
    this.lineStart = lineStart;
    this.leStart = le.start;
    this.leEnd = le.end;
    this.labelsEnd = labelsEnd;
    this.headLength = this.leStart - lineStart;
    this.family = family;
    this.rank = rank;
  }

  /** Whether the line at `start` goes on with the run; if so, the positions are the new line's. */
  matches(bytes: Uint8Array, start: number): boolean {
    if (this.family === undefined) return false;
    const leStart = start + this.headLength;
    if (leStart > bytes.length) return false;
    if (!sameText(this.view, this.lineStart, this.view, start, this.headLength)) return false;
    let leEnd = leStart;
    for (let byte = bytes[leEnd]; byte !== QUOTE; byte = bytes[leEnd]) {
      if (byte === NEWLINE || byte === BACKSLASH) return false;
      leEnd++;
    }
    const labelsEnd = leEnd + this.labelsEnd - this.leEnd;
    if (!sameBytes(bytes, this.leEnd, this.labelsEnd, bytes, leEnd, labelsEnd)) return false;
    this.lineStart = start;
    this.leStart = leStart;
    this.leEnd = leEnd;
    this.labelsEnd = labelsEnd;
    return true;
  }
}
