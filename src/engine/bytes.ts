/**
 * Byte-level reading of the text exposition format. Every function assumes that the region it reads ends in a line
 * feed, which stops each loop, so that none needs a bound of its own.
 */

export const NEWLINE = 10;
export const CARRIAGE_RETURN = 13;
export const TAB = 9;
export const SPACE = 32;
export const QUOTE = 34;
export const HASH = 35;
export const COMMA = 44;
export const EQUALS = 61;
export const BACKSLASH = 92;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const LOWER = 32;
const LETTER_E = 101;

/** 10^0 … 10^22: the powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** Largest mantissa that surely holds in 53 bits after one more digit. */
const SAFE_MANTISSA = 900_719_925_474_098;

const utf8 = new TextDecoder('utf-8');
const SHORT = 24;
const WORD = 4;

/** The first position at or after `pos` that holds neither a space nor a tab. */
export function skipBlanks(bytes: Uint8Array, pos: number): number {
  let at = pos;
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  return at;
}

/** The position just after the line feed that ends the line at `pos`. */
export function nextLine(bytes: Uint8Array, pos: number): number {
  const newline = bytes.indexOf(NEWLINE, pos);
  return newline < 0 ? bytes.length : newline + 1;
}

/** Text of a slice; bytes that are not UTF-8 become U+FFFD. */
export function text(bytes: Uint8Array, start: number, end: number): string {
  // Numbers and most labels are short and ASCII, for which a decoder's set-up costs more than its work.
  if (end - start > SHORT) return utf8.decode(bytes.subarray(start, end));
  let ascii = '';
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80) return utf8.decode(bytes.subarray(start, end));
    ascii += String.fromCharCode(byte);
  }
  return ascii;
}

/** A label's value with the three escapes of the format undone: `\\`, `\"`, `\n`. */
export function labelText(bytes: Uint8Array, start: number, end: number): string {
  const raw = text(bytes, start, end);
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

export function sameBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart;
  if (length !== bEnd - bStart) return false;
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false;
  return true;
}

/** `sameBytes` for longer text, four bytes at a time. Both regions must lie within their views. */
export function sameText(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  const last = length - WORD;
  for (let i = 0; i <= last; i += WORD) {
    if (a.getInt32(aStart + i, true) !== b.getInt32(bStart + i, true)) return false;
  }
  // The last word overlaps the one before it.
  if (last >= 0) return a.getInt32(aStart + last, true) === b.getInt32(bStart + last, true);
  for (let i = 0; i < length; i++) if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false;
  return true;
}

/** Reads one number; `end` is the position after it, or -1 if there was none. */
export class NumberReader {
  value = 0;
  end = -1;

  /**
   * Reads a decimal number, `NaN` or `±Inf`. A mantissa below 2^53 with a power of ten up to 22 is exact in one
   * multiplication or division (Clinger 1990, "How to read floating point numbers accurately", case 1); all other
   * numbers are left to the language's own, exact and slower, conversion.
   */
  read(bytes: Uint8Array, start: number): void {
    let at = start;
    const sign = bytes[at];
    if (sign === MINUS || sign === PLUS) at++;
    let mantissa = 0;
    let digits = 0;
    let scale = 0;
    let exact = true;
    let point = false;
    for (; ; at++) {
      const byte = bytes[at] ?? 0;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        digits++;
        if (mantissa <= SAFE_MANTISSA) mantissa = mantissa * 10 + digit;
        else exact = false;
        if (point) scale--;
      } else if (byte === POINT && !point) {
        point = true;
      } else {
        break;
      }
    }
    if (digits === 0) {
      this.readWord(bytes, start, at);
      return;
    }
    if (((bytes[at] ?? 0) | LOWER) === LETTER_E) {
      const after = this.readExponent(bytes, at + 1);
      if (after < 0) {
        this.end = -1;
        return;
      }
      scale += this.value;
      at = after;
    }
    this.end = at;
    const power = POWERS[scale < 0 ? -scale : scale];
    if (!exact || power === undefined) this.value = Number(text(bytes, start, at));
    else {
      const magnitude = scale < 0 ? mantissa / power : mantissa * power;
      this.value = sign === MINUS ? -magnitude : magnitude;
    }
  }

  /** The exponent into `value`; the position after it, or -1 if it has no digit. */
  private readExponent(bytes: Uint8Array, start: number): number {
    const sign = bytes[start];
    let at = sign === MINUS || sign === PLUS ? start + 1 : start;
    const first = at;
    let exponent = 0;
    for (; ; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      if (exponent < 10_000) exponent = exponent * 10 + digit;
    }
    this.value = sign === MINUS ? -exponent : exponent;
    return at === first ? -1 : at;
  }

  /** `NaN`, `Inf`, `Infinity` in any case, with a sign in front. */
  private readWord(bytes: Uint8Array, start: number, afterSign: number): void {
    let at = afterSign;
    while (isLetter(bytes[at] ?? 0)) at++;
    const word = at - afterSign <= 8 ? text(bytes, afterSign, at).toLowerCase() : '';
    this.end = at;
    if (word === 'nan') this.value = Number.NaN;
    else if (word === 'inf' || word === 'infinity')
      this.value = bytes[start] === MINUS ? -Infinity : Infinity;
    else this.end = -1;
  }
}

function isLetter(byte: number): boolean {
  const lower = byte | LOWER;
  return lower >= 97 && lower <= 122;
}
