import { z } from 'zod';
import { WardenError } from '../errors.ts';
import type { ListResult, ListWatch, Observed, Random, WatchEvent } from '../runtime/ports.ts';
import { observe } from './observe.ts';
import { collectionPath, type ResourceType } from './resource-type.ts';
import type { RestClient, RestRequest } from './rest.ts';
import { watch, type RawWatchEvent } from './watch.ts';

export interface Scope {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

const Page = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.unknown()).nullable(),
});

const Bookmark = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

const PAGE_SIZE = 500;

/** Bookmarks come about once a minute; one may be late. */
export const SILENCE_MS = 90_000;

/** All pages of a consistent list. A list that outlives its continue token rejects with `ApiExpired`. */
export async function listAll<T>(
  rest: RestClient,
  type: ResourceType,
  schema: z.ZodType<T>,
  scope: Scope,
  signal: AbortSignal,
): Promise<ListResult<T>> {
  const path = collectionPath(type, scope.namespace);
  const items: Observed<T>[] = [];
  let next: string | undefined;
  for (;;) {
    const query = { ...selectors(scope), limit: String(PAGE_SIZE), continue: next };
    const page = Page.safeParse(await rest.request({ method: 'GET', path, query, signal }));
    if (!page.success) {
      throw new WardenError('ApiBadResponse', `GET ${path}: not a list: ${z.prettifyError(page.error)}`);
    }
    for (const raw of page.data.items ?? []) items.push(observe(`GET ${path}`, raw, schema));
    const { metadata } = page.data;
    if (metadata.continue === undefined || metadata.continue === '') {
      return { items, resourceVersion: metadata.resourceVersion };
    }
    next = metadata.continue;
  }
}

/** The port of one reflector: typed, paged, with bookmarks and a limit on silence. */
export function newListWatch<T>(
  rest: RestClient,
  random: Random,
  type: ResourceType,
  schema: z.ZodType<T>,
  scope: Scope,
  silenceMs: number,
): ListWatch<T> {
  return {
    list: (signal) => listAll(rest, type, schema, scope, signal),
    async *watch(resourceVersion, signal) {
      const request = watchRequest(type, scope, resourceVersion, random, signal);
      for await (const event of watch(rest, request, silenceMs)) yield typed(event, schema);
    },
  };
}

/** The server ends each watch after 5 to 10 minutes, as client-go asks it to, so that none lives on unseen. */
function watchRequest(
  type: ResourceType,
  scope: Scope,
  resourceVersion: string,
  random: Random,
  signal: AbortSignal,
): RestRequest {
  const query = {
    ...selectors(scope),
    watch: 'true',
    resourceVersion,
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(Math.round(300 + random() * 300)),
  };
  return { method: 'GET', path: collectionPath(type, scope.namespace), query, signal };
}

function selectors(scope: Scope): Record<string, string | undefined> {
  return { labelSelector: scope.labelSelector, fieldSelector: scope.fieldSelector };
}

function typed<T>(event: RawWatchEvent, schema: z.ZodType<T>): WatchEvent<T> {
  if (event.type === 'BOOKMARK') {
    const bookmark = Bookmark.safeParse(event.object);
    if (!bookmark.success) throw new WardenError('ApiBadResponse', 'a bookmark without a resourceVersion');
    return { type: 'Bookmark', resourceVersion: bookmark.data.metadata.resourceVersion };
  }
  return { type: EVENT_TYPE[event.type], item: observe('a watch event', event.object, schema) };
}

const EVENT_TYPE = { ADDED: 'Added', MODIFIED: 'Modified', DELETED: 'Deleted' } as const;
