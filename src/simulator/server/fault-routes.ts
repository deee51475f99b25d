import { badRequest } from './api-error.ts';
import type { Routes } from './api-server.ts';
import type { EngineFaults } from './engine-faults.ts';
import { FAULT_KINDS, parseFault } from './fault.ts';
import { readBody, sendError, sendJson } from './http-io.ts';

/**
 * Control of the faults over HTTP (`--sim-faults`): `POST /sim/faults` with one in JSON begins it, `DELETE
 * /sim/faults?kind=Wedge` ends it, `GET /sim/faults` lists those that are on, as the others do in their answers.
 */
export function faultRoutes(faults: EngineFaults): Routes {
  const list = (): string => JSON.stringify(faults.active);
  return {
    '/sim/faults': {
      GET: (_request, response) => sendJson(response, list()),
      POST: async (request, response) => {
        const outcome = parseFault((await readBody(request)) ?? '');
        if (outcome.kind === 'Refused') return sendError(response, badRequest(outcome.message, null));
        faults.begin(outcome.fault);
        sendJson(response, list());
      },
      DELETE: (request, response) => {
        const wanted = new URL(request.url ?? '/', 'http://engine').searchParams.get('kind');
        const kind = FAULT_KINDS.find((known) => known === wanted);
        if (kind === undefined) {
          const complaint = `kind is "${wanted ?? ''}"; it must be one of ${FAULT_KINDS.join(', ')}`;
          return sendError(response, badRequest(complaint, 'kind'));
        }
        faults.end(kind);
        sendJson(response, list());
      },
    },
  };
}

/** What vLLM serves with VLLM_SERVER_DEV_MODE=1 about engines that were told to do nothing. */
export function devRoutes(faults: EngineFaults): Routes {
  return {
    '/is_sleeping': {
      GET: (_request, response) => sendJson(response, JSON.stringify({ is_sleeping: faults.has('Sleep') })),
    },
    '/is_paused': {
      GET: (_request, response) => sendJson(response, JSON.stringify({ is_paused: faults.has('Pause') })),
    },
  };
}
