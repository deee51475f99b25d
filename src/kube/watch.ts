import { z } from 'zod';
import { WardenError } from '../errors.ts';
import { errorOfWatchEvent, parseJson } from './api-error.ts';
import { lines } from './lines.ts';
import { describe, errorOfTransport, type RestClient, type RestRequest } from './rest.ts';

const RawEvent = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

export interface RawWatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: unknown;
}

/**
 * The events of a watch, in order, each taken only when the caller is done with the one before. Ends
 * when the server closes the watch.
 * @param silenceMs bookmarks come about once a minute, so a longer silence is a dead connection
 * @throws ApiError for an HTTP error and for an ERROR event alike; WardenError `ApiTimeout` for silence
 */
export async function* watch(
  rest: RestClient,
  request: RestRequest,
  silenceMs: number,
): AsyncGenerator<RawWatchEvent> {
  const what = `watch ${describe(request)}`;
  const body = await rest.stream(request, silenceMs);
  try {
    for await (const line of lines(body)) {
      const event = RawEvent.safeParse(parseJson(line)).data;
      if (event === undefined) {
        throw new WardenError('ApiBadResponse', `${what}: a line is not an event: ${line.slice(0, 200)}`);
      }
      if (event.type === 'ERROR') throw errorOfWatchEvent(what, event.object);
      yield { type: event.type, object: event.object };
    }
  } catch (thrown) {
    throw errorOfTransport(request, thrown);
  } finally {
    body.destroy();
  }
}
