import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiError } from './api-error.ts';

/** Larger than any prompt that fits a context of a million tokens. Bytes. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** The headers that every answer of vLLM's server has, beyond `date`. */
const SERVER_HEADERS = { server: 'uvicorn', vary: 'Origin' } as const;

/** @returns the body as text, or `undefined` when it is larger than we take or the client has gone */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      if (!Buffer.isBuffer(chunk)) return undefined;
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    ...SERVER_HEADERS,
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

export function sendJson(response: ServerResponse, body: string): void {
  send(response, 200, 'application/json', body);
}

export function sendError(response: ServerResponse, error: ApiError): void {
  send(response, error.status, 'application/json', error.body);
}

/** Opens an event stream; its head goes out at once, long before the first token. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, { ...SERVER_HEADERS, 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
}

/** Ends an answer that may have begun: as an error, or, in a stream, with an event that carries it. */
export function endWithError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) response.end(`data: ${error.body}\n\ndata: [DONE]\n\n`);
  else sendError(response, error);
}
