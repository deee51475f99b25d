/** An error answer in the shape of vLLM's OpenAI server. */
export interface ApiError {
  readonly status: number;
  readonly body: string;
}

/** @param param the request field at fault, or `null` as vLLM writes it when there is none */
export function apiError(
  status: number,
  type: string,
  message: string,
  param: string | null = null,
): ApiError {
  return { status, body: JSON.stringify({ error: { message, type, param, code: status } }) };
}

export function badRequest(message: string, param: string | null): ApiError {
  return apiError(400, 'BadRequestError', message, param);
}

/** A complaint about one named field with its value, as vLLM words it. */
export function badParameter(complaint: string, param: string, value?: number | string): ApiError {
  const shown = value === undefined ? '' : `, value=${value}`;
  return badRequest(`${complaint} (parameter=${param}${shown})`, param);
}

/** FastAPI's complaint about the body's shape. @param issue the fields of its one issue, as Python prints them */
export function validationError(issue: string, param: string | null): ApiError {
  return apiError(400, 'Bad Request', `1 validation error:\n  ${issue}`, param);
}

export const ENGINE_BUSY = apiError(
  503,
  'Service Unavailable',
  'The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.',
);

/** What requests get once the engine shuts down or is dead. The status was seen (500), the wording was not. */
export const ENGINE_DEAD = apiError(
  500,
  'InternalServerError',
  'EngineCore encountered an issue. See stack trace (above) for the root cause.',
);

/** A route that is not there; Starlette's own shape. */
export const NOT_FOUND: ApiError = { status: 404, body: '{"detail":"Not Found"}' };
export const METHOD_NOT_ALLOWED: ApiError = { status: 405, body: '{"detail":"Method Not Allowed"}' };
export const UNAUTHORIZED: ApiError = { status: 401, body: '{"error":"Unauthorized"}' };
