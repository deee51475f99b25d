import { z } from 'zod';
import type { ProbeOutcome } from '../snapshot/probe-record.ts';
import type { ProbeAnswer, ProbeConnection } from './probe-connection.ts';

/** Enough for any engine that takes requests at all; most answer within 0.1 s. */
const TOKEN_TIMEOUT_MS = 30_000;
/** For what the API server answers by itself. */
const SIDE_TIMEOUT_MS = 5_000;
const MAX_DETAIL = 200;

/** How a probe ended. */
export interface ProbeResult {
  readonly outcome: Exclude<ProbeOutcome, 'Pending'>;
  readonly message: string;
}

const Completion = z.object({ choices: z.array(z.unknown()).min(1) });
const Sleeping = z.object({ is_sleeping: z.boolean() });
const Paused = z.object({ is_paused: z.boolean() });

/** vLLM's error bodies, old and new, and FastAPI's. */
const ErrorBody = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
]);

/**
 * Asks the engine for one token. One that says itself that it sleeps or is paused is not asked: it would hold the
 * request until it is woken. Those two pages exist in vLLM's development mode alone, and any other answer of theirs
 * says nothing.
 * @param rank of a data-parallel engine: the rank that is to generate the token
 */
export async function askForToken(
  connection: ProbeConnection,
  model: string,
  rank: number | undefined,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const [sleeping, paused] = await Promise.all([
    says(connection, '/is_sleeping', Sleeping, signal),
    says(connection, '/is_paused', Paused, signal),
  ]);
  if (sleeping?.is_sleeping === true) return { outcome: 'Paused', message: 'it says that it sleeps' };
  if (paused?.is_paused === true) return { outcome: 'Paused', message: 'it says that it is paused' };
  const answer = await connection.request(
    {
      method: 'POST',
      path: '/v1/completions',
      // vLLM's API server hands the request to this rank, whatever its own balance says.
      ...(rank !== undefined && { headers: { 'x-data-parallel-rank': String(rank) } }),
      body: { model, prompt: 'Hello', max_tokens: 1, temperature: 0, stream: false },
      timeoutMs: TOKEN_TIMEOUT_MS,
    },
    signal,
  );
  if (answer.kind !== 'Refused' && !isServerError(answer)) return judge(answer);
  const health = await connection.request(
    { method: 'GET', path: '/health', timeoutMs: SIDE_TIMEOUT_MS },
    signal,
  );
  const message = `${describe(answer)}; /health: ${describe(health)}`;
  return { outcome: answer.kind === 'Refused' || saysDead(health) ? 'Refused' : 'Inconclusive', message };
}

function isServerError(answer: ProbeAnswer): boolean {
  return answer.kind === 'Answered' && answer.status === 500;
}

/**
 * vLLM's `/health` is 503 when its engine has died (EngineDeadError), and for nothing else: one that is full is 200, and
 * one whose expert ranks are being resized gives 503 to the token too.
 */
function saysDead(health: ProbeAnswer): boolean {
  return health.kind === 'Answered' && health.status === 503;
}

async function says<T>(
  connection: ProbeConnection,
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const answer = await connection.request({ method: 'GET', path, timeoutMs: SIDE_TIMEOUT_MS }, signal);
  if (answer.kind !== 'Answered' || answer.status !== 200) return undefined;
  return schema.safeParse(parseJson(answer.body)).data;
}

function judge(answer: Exclude<ProbeAnswer, { kind: 'Refused' }>): ProbeResult {
  if (answer.kind === 'TimedOut') return { outcome: 'Silent', message: answer.message };
  if (answer.kind !== 'Answered') return { outcome: 'Inconclusive', message: answer.message };
  if (answer.status === 503) return { outcome: 'Answered', message: describe(answer) };
  if (answer.status !== 200) return { outcome: 'Inconclusive', message: describe(answer) };
  return Completion.safeParse(parseJson(answer.body)).success
    ? { outcome: 'Answered', message: 'it generated a token' }
    : { outcome: 'Inconclusive', message: 'HTTP 200 without a completion' };
}

function describe(answer: ProbeAnswer): string {
  if (answer.kind !== 'Answered') return answer.message;
  const said = ErrorBody.safeParse(parseJson(answer.body)).data;
  return `HTTP ${answer.status}${said === undefined ? '' : `, ${said.slice(0, MAX_DETAIL)}`}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
