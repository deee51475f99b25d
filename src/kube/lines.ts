import { WardenError } from '../errors.ts';

/** Twice what etcd stores of one object, as JSON is longer than protobuf. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

/**
 * The lines of a byte stream, without their ends; a last line without an end is dropped, since it is
 * cut. Reads on only when the caller asks for more, so a slow reader slows the sender.
 * @throws WardenError `ApiResponseTooLarge` for a line longer than `maxBytes`
 */
export async function* lines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = MAX_LINE_BYTES,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      size = 0;
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    size += rest.length;
    if (size > maxBytes) {
      throw new WardenError('ApiResponseTooLarge', `a line of the watch is longer than ${maxBytes} bytes`);
    }
    if (rest.length > 0) parts.push(rest);
  }
}

const NEWLINE = 0x0a;
