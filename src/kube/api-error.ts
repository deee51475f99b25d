import { z } from 'zod';
import { WardenError, type ErrorCode } from '../errors.ts';

/** The part of `metav1.Status` that says what went wrong. */
const StatusBody = z.object({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
  details: z.object({ retryAfterSeconds: z.number().optional() }).optional(),
});

export interface ApiErrorDetails {
  readonly status: number;
  /** The API's own word (`Conflict`, `Expired`, …), where the answer was a Status. */
  readonly apiReason: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** An answer of the API server that is not a success. */
export class ApiError extends WardenError {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly apiReason: string | undefined;

  constructor(message: string, details: ApiErrorDetails) {
    super(codeOf(details.status, details.apiReason), message, { retryAfterMs: details.retryAfterMs });
    this.status = details.status;
    this.apiReason = details.apiReason;
  }
}

/**
 * The error of an HTTP answer.
 * @param what the request, for people: `PATCH /api/v1/…`
 * @param retryAfter the header of that name, in seconds
 */
export function errorOfResponse(what: string, status: number, body: string, retryAfter?: string): ApiError {
  const parsed = StatusBody.safeParse(parseJson(body));
  const said = parsed.success ? parsed.data : undefined;
  const detail = said?.message ?? body.slice(0, 200).trim();
  return new ApiError(`${what}: ${status}${detail === '' ? '' : `, ${detail}`}`, {
    status,
    apiReason: said?.reason,
    retryAfterMs: secondsToMs(retryAfter ?? said?.details?.retryAfterSeconds),
  });
}

/** The error of an ERROR event inside a watch, whose object is a Status and whose HTTP status was 200. */
export function errorOfWatchEvent(what: string, object: unknown): ApiError {
  const said = StatusBody.safeParse(object).data;
  return new ApiError(
    `${what}: ${said?.code ?? 500} inside the watch, ${said?.message ?? 'without a message'}`,
    {
      status: said?.code ?? 500,
      apiReason: said?.reason,
      retryAfterMs: secondsToMs(said?.details?.retryAfterSeconds),
    },
  );
}

/** The JSON value of a text, undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(status: number, apiReason: string | undefined): ErrorCode {
  if (apiReason === 'AlreadyExists') return 'ApiAlreadyExists';
  if (status === 410 || apiReason === 'Expired') return 'ApiExpired';
  return CODE_OF_STATUS[status] ?? (status >= 500 ? 'ApiServerError' : 'ApiBadRequest');
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'ApiUnauthorized',
  403: 'ApiForbidden',
  404: 'ApiNotFound',
  409: 'ApiConflict',
  422: 'ApiInvalid',
  429: 'ApiTooManyRequests',
};

function secondsToMs(seconds: string | number | undefined): number | undefined {
  const value = Number(seconds ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
}
