import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { serveHttp } from '../../../../test/support/server.ts';
import { smokeRig } from '../testing/smoke-rig.ts';

const { run } = smokeRig({ beforeEach, afterEach, afterAll, serve: serveHttp });

test('four checks against a description of 1.2 MB take no time from a check that has a longest duration', async () => {
  const properties = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [
      `property_${index}`,
      { type: 'string', description: 'What this property of the object is for, in a sentence.' },
    ]),
  );
  const schema = (index: number) => ({ $ref: `#/components/schemas/Schema${index % 300}` });
  const schemas = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [
      `Schema${index}`,
      {
        type: 'object',
        properties: { ...properties, next: schema(index * 7 + 1), other: schema(index + 1) },
      },
    ]),
  );
  const paths = Object.fromEntries(
    ['/numbers', '/echo', '/profile', '/login'].map((path, index) => [
      path,
      {
        get: { responses: { default: { content: { 'application/json': { schema: schema(index * 50) } } } } },
      },
    ]),
  );
  const description = JSON.stringify({ openapi: '3.1.0', paths, components: { schemas } });
  expect(description.length).toBeGreaterThan(1_200_000);
  const { report, failure } = await run(
    {
      concurrency: '8',
      checks: `
- { name: a, request: GET /numbers, expect: { openapi: api.json } }
- { name: b, request: GET /echo, expect: { openapi: api.json } }
- { name: c, request: GET /profile, expect: { status: 401, openapi: api.json } }
- { name: d, request: GET /login, expect: { status: 401, openapi: api.json } }
- { name: quick, request: GET /, expect: { duration: 2s } }
`,
    },
    { 'api.json': description },
  );
  expect([failure, report.checks.map(({ ok }) => ok)]).toEqual([undefined, [true, true, true, true, true]]);
});

test('answers conform to a JSON Schema or an OpenAPI description, or it says where not', async () => {
  const files = {
    'item.json': JSON.stringify({
      type: 'object',
      required: ['path', 'id'],
      properties: { path: { type: 'string' }, id: { type: 'integer' } },
    }),
    'api.yaml': `
openapi: 3.0.3
info: { title: t, version: '1' }
paths:
  /items/{id}:
    get:
      responses:
        '200': { description: ok, content: { application/json: { schema: { $ref: '#/components/schemas/Item' } } } }
  /missing:
    get: { responses: { '404': { $ref: '#/components/responses/None' } } }
components:
  schemas:
    Item: { type: object, required: [path], properties: { path: { type: integer }, note: { type: string, nullable: true } } }
  responses:
    None: { description: none }
`,
  };
  const { report } = await run(
    {
      checks: `
- { name: schema, request: GET /x, expect: { json-schema: item.json } }
- { name: inline, request: GET /x, expect: { json-schema: { type: object } } }
- { name: described, request: GET /missing, expect: { status: 404, openapi: api.yaml } }
- { name: wrong type, request: GET /items/5, expect: { openapi: api.yaml } }
- { name: unknown path, request: GET /other, expect: { openapi: api.yaml } }
`,
    },
    files,
  );
  expect(report.checks.map(({ ok, detail }) => (ok ? true : detail))).toEqual([
    'json-schema is the body the key "id" is missing, wanted what item.json describes',
    true,
    true,
    'openapi is path should be a whole number, but is the text "/items/5", wanted what api.yaml describes',
    'openapi is path /other is not described, wanted what api.yaml describes',
  ]);
});

test('numbers over 2^53 are compared exactly by JSON Schema and OpenAPI, and told as they are', async () => {
  const id = (keywords: string) => `{ type: object, properties: { id: { type: integer, ${keywords} } } }`;
  const files = {
    'right.yaml': id('enum: [1, 9007199254740993]'),
    'wrong.json': '{"properties":{"id":{"const":9007199254740992}}}',
    'api.yaml': `
openapi: 3.1.0
paths:
  /numbers:
    get: { responses: { '200': { description: x, content: { application/json: { schema: ${id('const: 9007199254740994')} } } } } }
`,
  };
  const { report } = await run(
    {
      checks: `
- { name: right, request: GET /numbers, expect: { json-schema: right.yaml } }
- { name: inline, request: GET /numbers, expect: { json-schema: { properties: { id: { const: 9007199254740993 } } } } }
- { name: rounded, request: GET /numbers, expect: { json-schema: wrong.json } }
- { name: rounded inline, request: GET /numbers, expect: { json-schema: { properties: { id: { enum: [9007199254740992] } } } } }
- { name: too small, request: GET /numbers, expect: { json-schema: { properties: { id: { minimum: 9007199254740994 } } } } }
- { name: described, request: GET /numbers, expect: { openapi: api.yaml } }
`,
    },
    files,
  );
  expect(report.checks.map(({ ok, detail }) => (ok ? true : detail))).toEqual([
    true,
    true,
    'json-schema is id should be 9007199254740992, but is 9007199254740993, wanted what wrong.json describes',
    'json-schema is id should be 9007199254740992, but is 9007199254740993, wanted what the JSON Schema describes',
    'json-schema is id should be at least 9007199254740994, but is 9007199254740993, wanted what the JSON Schema describes',
    'openapi is id should be 9007199254740994, but is 9007199254740993, wanted what api.yaml describes',
  ]);
});
