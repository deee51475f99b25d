import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRequest, type Endpoint, type RequestOutcome } from './openai-request.ts';

const LIMITS = { servedModelNames: ['m'], maxModelLen: 64 };

/** Whether a refusal is an error body, and a request to serve fits the context. */
function isSound(outcome: RequestOutcome): boolean {
  if (outcome.kind === 'Refused') {
    const { status, body } = outcome.error;
    return [400, 404].includes(status) && body.startsWith('{"error":') && body.endsWith(`"code":${status}}}`);
  }
  const { promptTokens, maxTokens } = outcome.request;
  return promptTokens >= 1 && maxTokens >= 1 && promptTokens + maxTokens <= LIMITS.maxModelLen;
}

const endpoints = fc.constantFrom<Endpoint>('chat', 'completions');

/** Bodies that are near enough to right to get past the first check. */
const nearlyRight = fc.record(
  {
    model: fc.constantFrom('m', 'other', null, 7),
    prompt: fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.array(fc.integer(), { maxLength: 80 }),
      fc.jsonValue(),
    ),
    messages: fc.array(
      fc.record({ role: fc.constant('user'), content: fc.oneof(fc.string(), fc.jsonValue()) }),
    ),
    max_tokens: fc.oneof(fc.integer({ min: -2, max: 100 }), fc.constant(null)),
    min_tokens: fc.integer({ min: -2, max: 100 }),
    temperature: fc.double({ min: -1, max: 2, noNaN: true }),
    stream: fc.boolean(),
  },
  { requiredKeys: [] },
);

test('any body is refused with an error body of vLLM, or is a request that fits the context', () => {
  fc.assert(
    fc.property(
      endpoints,
      fc.oneof(
        fc.json(),
        fc.string(),
        nearlyRight.map((body) => JSON.stringify(body)),
      ),
      (endpoint, body) => {
        expect(parseRequest(endpoint, body, LIMITS)).toSatisfy(isSound);
      },
    ),
  );
});

test('parts of a message count as one text', () => {
  const inParts = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'hello ' },
        { type: 'text', text: 'there' },
      ],
    },
  ];
  const outcomes = [inParts, [{ role: 'user', content: 'hello there' }]].map((messages) =>
    parseRequest('chat', JSON.stringify({ messages, max_tokens: 5 }), LIMITS),
  );
  expect(outcomes[0]).toEqual(outcomes[1]);
  expect(outcomes[0]).toMatchObject({ kind: 'Accepted', request: { promptTokens: 9 } });
});
