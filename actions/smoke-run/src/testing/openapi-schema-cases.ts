import { type Cases, conforms, differs, number, one, refused, text, yaml } from './openapi-case.ts';

const secret = {
  type: 'object',
  required: ['id', 'password'],
  properties: { id: number, password: { type: 'string', writeOnly: true } },
};

export const nullables: Cases = [
  ['null where nullable is said', one({ type: 'string', nullable: true }), { body: null, verdict: conforms }],
  [
    'null where it is not',
    one({ type: 'string' }),
    { body: null, verdict: differs(/should be text, but is empty/) },
  ],
  [
    'a property that is called nullable keeps its schema',
    one({ type: 'object', properties: { nullable: { type: 'boolean' } } }),
    { body: { nullable: 'yes' }, verdict: differs(/nullable should be true or false/) },
  ],
  [
    'a required property that is called nullable is required',
    one({ type: 'object', required: ['nullable'], properties: { nullable: { type: 'boolean' } } }),
    { body: {}, verdict: differs(/"nullable" is missing/) },
  ],
  [
    'a property that is called example keeps its schema',
    one({ type: 'object', properties: { example: number, default: number, discriminator: number } }),
    { body: { example: 'x' }, verdict: differs(/example should be a whole number/) },
  ],
  [
    'null beside an enum where nullable is said',
    one({ type: 'string', nullable: true, enum: ['a'] }),
    { body: null, verdict: conforms },
  ],
  [
    'null where the nullable schema is composed',
    one({ nullable: true, allOf: [{ type: 'string' }] }),
    { body: null, verdict: conforms },
  ],
  [
    'another type where the nullable schema is composed',
    one({ nullable: true, allOf: [{ type: 'string' }] }),
    { body: 1, verdict: differs(/should be/) },
  ],
  [
    'nullable means nothing in 3.1',
    one({ type: 'string', nullable: true }, {}, '3.1.0'),
    { body: null, verdict: differs(/should be text/) },
  ],
  [
    'a list of types in 3.1',
    one({ type: ['string', 'null'] }, {}, '3.1.0'),
    { body: null, verdict: conforms },
  ],
];

export const writeOnly: Cases = [
  ['a required writeOnly property is not in an answer', one(secret), { body: { id: 1 }, verdict: conforms }],
  ['another required property is', one(secret), { body: {}, verdict: differs(/"id" is missing/) }],
  [
    'a required writeOnly property by reference',
    one(
      {
        type: 'object',
        required: ['password'],
        properties: { password: { $ref: '#/components/schemas/P' } },
      },
      { components: { schemas: { P: { type: 'string', writeOnly: true } } } },
    ),
    { body: {}, verdict: conforms },
  ],
  [
    'required beside the allOf that has the writeOnly property',
    one({
      allOf: [{ properties: { password: { type: 'string', writeOnly: true } } }],
      required: ['password'],
    }),
    { body: {}, verdict: conforms },
  ],
  [
    'required in the allOf beside the writeOnly property',
    one({
      allOf: [{ required: ['password', 'id'] }],
      properties: { password: { type: 'string', writeOnly: true } },
    }),
    { body: {}, verdict: differs(/"id" is missing/) },
  ],
  [
    'a writeOnly property in 3.1',
    one(
      { type: 'object', required: ['p'], properties: { p: { type: 'string', writeOnly: true } } },
      {},
      '3.1.0',
    ),
    { body: {}, verdict: conforms },
  ],
  [
    'a required readOnly property is in an answer',
    one({ type: 'object', required: ['id'], properties: { id: { type: 'integer', readOnly: true } } }),
    { body: {}, verdict: differs(/"id" is missing/) },
  ],
  [
    'a property that is called writeOnly is like any other',
    one({ type: 'object', required: ['writeOnly'], properties: { writeOnly: { type: 'boolean' } } }),
    { body: {}, verdict: differs(/"writeOnly" is missing/) },
  ],
];

export const keywords: Cases = [
  [
    'the same id in two examples',
    one({
      allOf: [
        { type: 'object', example: { id: '1', $id: 'x', $anchor: 'a' } },
        { type: 'object', example: { id: '1', $id: 'x', $anchor: 'a' } },
      ],
    }),
    { body: {}, verdict: conforms },
  ],
  [
    'an id in an example of 3.1',
    one({ type: 'object', examples: [{ $id: 'x' }], example: { $id: 'x' } }, {}, '3.1.0'),
    { body: {}, verdict: conforms },
  ],
  [
    'an exclusive bound of 3.0',
    one({ type: 'integer', minimum: 1, exclusiveMinimum: true }),
    { body: 1, verdict: differs(/more than 1/) },
  ],
  [
    'an exclusive bound of 3.1',
    one({ type: 'integer', exclusiveMinimum: 1 }, {}, '3.1.0'),
    { body: 1, verdict: differs(/more than 1/) },
  ],
  [
    'an exclusive bound of 3.0 in 3.1',
    one({ type: 'integer', minimum: 1, exclusiveMinimum: true }, {}, '3.1.0'),
    { body: 1, verdict: differs(/more than 1/) },
  ],
  [
    'a pattern that /u refuses',
    one({ type: 'string', pattern: '^[\\w\\-\\.]+\\@\\d{2}$' }),
    { body: 'a@1', verdict: differs(/matches/) },
  ],
  [
    'a pattern with a brace that stands for itself',
    one({ type: 'string', pattern: '^{\\w+}$' }),
    { body: '{id}', verdict: conforms },
  ],
  [
    'a pattern of another language',
    one({ type: 'string', pattern: '(?<!a' }),
    { body: 'x', verdict: refused(/no regular expression/) },
  ],
  [
    'a pattern of another language where nothing reaches it',
    one(text, { components: { schemas: { X: { pattern: '(?<!a' } } } }),
    { body: 'x', verdict: conforms },
  ],
  [
    'a pattern that a text makes endless',
    one({ type: 'string', pattern: '^(a|a)*$' }),
    { body: `${'a'.repeat(60)}!`, verdict: differs(/takes longer than 2.0 s to check; is a/) },
  ],
  [
    'what stands beside a reference counts in 3.1',
    one({ $ref: '#/components/schemas/T', maxLength: 1 }, { components: { schemas: { T: text } } }, '3.1.0'),
    { body: 'ab', verdict: differs(/at most 1/) },
  ],
  [
    'what stands beside a reference does not in 3.0',
    one({ $ref: '#/components/schemas/T', maxLength: 1 }, { components: { schemas: { T: text } } }),
    { body: 'ab', verdict: conforms },
  ],
  [
    'oneOf fits several',
    one({ oneOf: [{ type: 'number' }, { type: 'integer' }] }),
    { body: 1, verdict: differs(/exclude each other/) },
  ],
  [
    'a type that is none is refused',
    one({ type: 'date' }),
    { body: 1, verdict: refused(/"type" should be of array, boolean/) },
  ],
  [
    'required in the way of draft 3 is refused',
    one({ type: 'object', properties: { id: { type: 'integer', required: true } } }),
    { body: {}, verdict: refused(/"required" should be a list of names/) },
  ],
  [
    'a schema that is empty by mistake is refused',
    yaml(`        200:\n          content:\n            application/json:\n              schema:\n`),
    { body: 1, verdict: refused(/line 9.*should be a mapping, but is empty/) },
  ],
  [
    'unevaluatedProperties of 3.1',
    one({ allOf: [{ properties: { a: number } }], unevaluatedProperties: false }, {}, '3.1.0'),
    { body: { a: 1, b: 2 }, verdict: differs(/b/) },
  ],
  [
    '$id in a schema of 3.1 is refused',
    one({ $id: 'x', type: 'string' }, {}, '3.1.0'),
    { body: 'a', verdict: refused(/"\$id" in a schema of an OpenAPI description/) },
  ],
  [
    'a dialect that is not known is refused',
    one(text, { jsonSchemaDialect: 'https://example.org/mine' }, '3.1.0'),
    { body: 'a', verdict: refused(/dialect "https:\/\/example\.org\/mine" is not known/) },
  ],
  [
    'properties that are called __proto__ and constructor',
    '{"openapi":"3.0.3","paths":{"/x":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"properties":{"__proto__":{"type":"integer"},"constructor":{"type":"integer"}},"required":["constructor"]}}}}}}}}}',
    { body: { other: 1 }, verdict: differs(/"constructor" is missing/) },
  ],
  [
    'OpenAPI 2 is refused',
    { swagger: '2.0', paths: {} },
    { body: 1, verdict: refused(/no OpenAPI 3 description/) },
  ],
];
