import {
  type Cases,
  conforms,
  differs,
  number,
  one,
  paths,
  refused,
  text,
  yaml,
  answered,
} from './openapi-case.ts';

export const reference: Cases = [
  [
    'a response in another file is followed',
    yaml(`        200: { $ref: './resp.yaml' }\n`),
    {
      files: { 'resp.yaml': 'content: { application/json: { schema: { type: string } } }' },
      body: 1,
      verdict: differs(/should be text, but is 1/),
    },
  ],
  [
    'a response in another file that is not there is refused with its line',
    yaml(`        200: { $ref: './resp.yaml' }\n`),
    { body: 1, verdict: refused(/api\.yaml, line 6, column 22.*resp\.yaml, which is not in the workspace/) },
  ],
  [
    'a response on the network is refused',
    yaml(`        200: { $ref: 'https://example.org/resp.yaml' }\n`),
    { body: 1, verdict: refused(/line 6.*example\.org\/resp\.yaml, which is not followed/) },
  ],
  [
    'a pointer into another file is followed',
    yaml(`        200: { $ref: 'lib/all.yaml#/responses/One' }\n`),
    {
      files: {
        'lib/all.yaml':
          'responses: { One: { content: { application/json: { schema: { $ref: "#/schemas/N" } } } } }\nschemas: { N: { $ref: "./n.json" } }',
        'lib/n.json': '{"type":"integer"}',
      },
      body: 'one',
      verdict: differs(/should be a whole number/),
    },
  ],
  [
    'a pointer to nothing in another file is refused with its line',
    yaml(`        200: { $ref: 'lib/all.yaml#/responses/Two' }\n`),
    { files: { 'lib/all.yaml': 'responses: {}' }, verdict: refused(/line 6.*points to nothing/) },
  ],
  [
    'another file that is no YAML is refused by its name',
    yaml(`        200: { $ref: 'resp.yaml' }\n`),
    { files: { 'resp.yaml': 'a: b: c' }, verdict: refused(/resp\.yaml.*line 1/) },
  ],
  [
    'a chain of references is followed to its end',
    paths(
      { '/x': { get: { responses: { 200: { $ref: '#/components/responses/A' } } } } },
      {
        components: {
          responses: {
            A: { $ref: '#/components/responses/B' },
            B: { $ref: '#/components/responses/C' },
            C: { content: { 'application/json': { schema: { $ref: '#/components/schemas/N' } } } },
          },
          schemas: { N: { $ref: '#/components/schemas/M' }, M: number },
        },
      },
    ),
    { body: 'x', verdict: differs(/should be a whole number/) },
  ],
  [
    'references in a circle are refused',
    paths(
      { '/x': { get: { responses: { 200: { $ref: '#/components/responses/A' } } } } },
      {
        components: {
          responses: { A: { $ref: '#/components/responses/B' }, B: { $ref: '#/components/responses/A' } },
        },
      },
    ),
    { body: 1, verdict: refused(/leads back to itself/) },
  ],
  [
    'a schema that is nothing but itself does not let anything through',
    one(
      { $ref: '#/components/schemas/A' },
      { components: { schemas: { A: { $ref: '#/components/schemas/A' } } } },
    ),
    { body: 1, verdict: differs(/refers to itself without end/) },
  ],
  [
    'a reference to nothing is refused with its line',
    yaml(
      `        200:\n          content:\n            application/json:\n              schema: { $ref: '#/components/schemas/None' }\n`,
    ),
    { body: 1, verdict: refused(/line 9.*"#\/components\/schemas\/None" points to nothing/) },
  ],
  [
    'a reference below #/paths is followed',
    paths({
      '/y': { get: answered({ type: 'array', items: number }) },
      '/x': {
        get: answered({ $ref: '#/paths/~1y/get/responses/200/content/application~1json/schema/items' }),
      },
    }),
    { body: 'x', verdict: differs(/should be a whole number/) },
  ],
  [
    'a reference with percent-encoding is followed',
    one(
      { $ref: '#/components/schemas/List%20of%20A~1B' },
      { components: { schemas: { 'List of A/B': number } } },
    ),
    { body: 'x', verdict: differs(/should be a whole number/) },
  ],
  [
    'a recursive schema is no hindrance',
    one(
      { $ref: '#/components/schemas/Tree' },
      {
        components: {
          schemas: {
            Tree: {
              type: 'object',
              properties: { below: { type: 'array', items: { $ref: '#/components/schemas/Tree' } } },
            },
          },
        },
      },
    ),
    {
      body: { below: [{ below: [{ below: 1 }] }] },
      verdict: differs(/below\[0\]\.below\[0\]\.below should be a list/),
    },
  ],
  [
    'a path item by reference is followed',
    paths(
      { '/x': { $ref: '#/components/pathItems/X' } },
      { components: { pathItems: { X: { get: answered(text) } } } },
    ),
    { body: 'a', verdict: conforms },
  ],
  [
    'a path item in another file is followed',
    paths({ '/x': { $ref: 'x.yaml' } }),
    {
      files: {
        'x.yaml':
          'get: { responses: { 200: { content: { application/json: { schema: { type: string } } } } } }',
      },
      body: 1,
      verdict: differs(/should be text/),
    },
  ],
  [
    'what stands beside the reference of a path item wins',
    paths(
      { '/x': { $ref: '#/components/pathItems/X', get: answered(number) } },
      { components: { pathItems: { X: { get: answered(text), post: answered(text) } } } },
    ),
    { body: 'a', verdict: differs(/should be a whole number/) },
  ],
  [
    'a whole mapping of properties by reference is followed',
    one(
      { type: 'object', properties: { $ref: '#/components/x-properties' } },
      { components: { 'x-properties': { id: number } } },
    ),
    { body: { id: 'x' }, verdict: differs(/id should be a whole number/) },
  ],
];

export const yamlWords: Cases = [
  [
    'a response that is merged by << is checked',
    `openapi: 3.0.3
x-common: &common
  content: { application/json: { schema: { type: string } } }
paths:
  /x: { get: { responses: { 200: { description: ok, <<: *common } } } }
`,
    { body: 1, verdict: differs(/should be text/) },
  ],
  [
    'properties that are merged by << are checked',
    `openapi: 3.0.3
x-id: &id { id: { type: integer } }
paths:
  /x: { get: { responses: { 200: { content: { application/json: { schema: { properties: { <<: *id, name: { type: string } } } } } } } } }
`,
    { body: { id: 'x' }, verdict: differs(/id should be a whole number/) },
  ],
  [
    'responses that are merged by << are found',
    `openapi: 3.0.3
x-all: &all { 404: { description: none } }
paths:
  /x: { get: { responses: { <<: *all, 200: { description: ok } } } }
`,
    { status: 404, verdict: conforms },
  ],
  [
    'an alias stands for its whole value',
    `openapi: 3.0.3
x-n: &n { type: integer }
paths:
  /x: { get: { responses: { 200: { content: { application/json: { schema: { type: array, items: *n } } } } } } }
`,
    { body: [1, 'x'], verdict: differs(/\[1\] should be a whole number/) },
  ],
];
