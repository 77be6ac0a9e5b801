import { type Cases, conforms, differs, number, one, paths, text, answered } from './openapi-case.ts';

const at = (url: string, variables?: object) => [{ url, ...(variables ? { variables } : {}) }];

const types = (content: Record<string, unknown>) =>
  paths({ '/x': { get: { responses: { 200: { content } } } } });

export const servers: Cases = [
  [
    'a path below the server',
    paths({ '/x': { get: answered(text) } }, { servers: at('https://a.example/v1') }),
    { path: '/v1/x', body: 'a', verdict: conforms },
  ],
  [
    'a path below no server',
    paths({ '/x': { get: answered(text) } }, { servers: at('https://a.example/v1') }),
    { path: '/v2/x', body: 'a', verdict: differs(/path \/v2\/x is not described/) },
  ],
  [
    'the path without the server, where a proxy has taken it off',
    paths({ '/x': { get: answered(text) } }, { servers: at('https://a.example/v1') }),
    { path: '/x', body: 'a', verdict: conforms },
  ],
  [
    'a variable by its default',
    paths(
      { '/x': { get: answered(text) } },
      { servers: at('https://a.example/{base}', { base: { default: 'api/v2' } }) },
    ),
    { path: '/api/v2/x', body: 'a', verdict: conforms },
  ],
  [
    'a variable by one of its values',
    paths(
      { '/x': { get: answered(text) } },
      { servers: at('https://a.example/{v}', { v: { default: 'v1', enum: ['v1', 'v2'] } }) },
    ),
    { path: '/v2/x', body: 'a', verdict: conforms },
  ],
  [
    'a variable by none of its values',
    paths(
      { '/x': { get: answered(text) } },
      { servers: at('https://a.example/{v}', { v: { default: 'v1', enum: ['v1', 'v2'] } }) },
    ),
    { path: '/v3/x', body: 'a', verdict: differs(/not described/) },
  ],
  [
    'a variable with a free value',
    paths({ '/x': { get: answered(text) } }, { servers: at('/{tenant}', { tenant: { default: 'demo' } }) }),
    { path: '/acme/x', body: 'a', verdict: conforms },
  ],
  [
    'a variable for the host',
    paths(
      { '/x': { get: answered(text) } },
      {
        servers: at('{scheme}://{host}/v1', { scheme: { default: 'https' }, host: { default: 'a.example' } }),
      },
    ),
    { path: '/v1/x', body: 'a', verdict: conforms },
  ],
  [
    'a variable for scheme and host',
    paths(
      { '/x': { get: answered(text) } },
      { servers: at('{origin}/v1', { origin: { default: 'https://a.example/root' } }) },
    ),
    { path: '/root/v1/x', body: 'a', verdict: conforms },
  ],
  [
    'a server of the path',
    paths({ '/x': { servers: at('/files'), get: answered(text) } }, { servers: at('/v1') }),
    { path: '/files/x', body: 'a', verdict: conforms },
  ],
  [
    'a server of the description, where the path has its own',
    paths({ '/x': { servers: at('/files'), get: answered(text) } }, { servers: at('/v1') }),
    { path: '/v1/x', body: 'a', verdict: differs(/not described/) },
  ],
  [
    'a server of the operation',
    paths({ '/x': { servers: at('/files'), get: { ...answered(text), servers: at('/op') } } }),
    { path: '/op/x', body: 'a', verdict: conforms },
  ],
  [
    'a relative server',
    paths({ '/x': { get: answered(text) } }, { servers: at('./v1/') }),
    { path: '/v1/x', body: 'a', verdict: conforms },
  ],
];

export const templates: Cases = [
  [
    'a concrete path wins over one with a parameter',
    paths({ '/u/{id}': { get: answered(text) }, '/u/me': { get: answered(number) } }),
    { path: '/u/me', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'the more concrete of two templates wins',
    paths({ '/{a}/{b}': { get: answered(text) }, '/u/{id}': { get: answered(number) } }),
    { path: '/u/7', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'the more concrete of two wins whatever comes first',
    paths({ '/u/{id}': { get: answered(number) }, '/{a}/{b}': { get: answered(text) } }),
    { path: '/u/7', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a parameter with a suffix wins over one alone',
    paths({ '/f/{name}': { get: answered(text) }, '/f/{name}.json': { get: answered(number) } }),
    { path: '/f/a.json', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a parameter spans no slash',
    paths({ '/u/{id}': { get: answered(text) } }),
    { path: '/u/7/8', body: 'a', verdict: differs(/not described/) },
  ],
  [
    'a parameter is not empty',
    paths({ '/u/{id}/x': { get: answered(text) } }),
    { path: '/u//x', body: 'a', verdict: differs(/not described/) },
  ],
  [
    'two parameters in one segment',
    paths({ '/d/{from}..{to}': { get: answered(number) } }),
    { path: '/d/a..b', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'percent-encoding makes no difference',
    paths({ '/café': { get: answered(number) } }),
    { path: '/caf%C3%A9', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'the exact path wins over one with a slash more',
    paths({ '/x/': { get: answered(text) }, '/x': { get: answered(number) } }),
    { body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a point is a point',
    paths({ '/a.b': { get: answered(text) } }),
    { path: '/aXb', body: 'a', verdict: differs(/not described/) },
  ],
  [
    'a method that is not described',
    paths({ '/x': { post: answered(text) } }),
    { body: 'a', verdict: differs(/GET \/x is not described/) },
  ],
];

export const media: Cases = [
  [
    'an answer with a charset',
    one(number),
    { type: 'application/json; charset=utf-8', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'an answer in capitals',
    one(number),
    { type: 'Application/JSON', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a description with a charset',
    types({ 'application/json; charset=utf-8': { schema: number } }),
    { body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a description in capitals',
    types({ 'Application/JSON;Charset=UTF-8': { schema: number } }),
    { body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'the exact type wins over a range',
    types({ 'application/*': { schema: text }, 'application/json': { schema: number } }),
    { body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a range',
    types({ 'application/*': { schema: number } }),
    { body: 'a', verdict: differs(/whole number/) },
  ],
  ['any type', types({ '*/*': { schema: number } }), { body: 'a', verdict: differs(/whole number/) }],
  [
    'a type with a parameter that the answer has',
    types({
      'application/json;version=2': { schema: number },
      'application/json;version=1': { schema: text },
    }),
    { type: 'application/json; version=2', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a type with a parameter that the answer lacks',
    types({ 'application/json;version=2': { schema: number } }),
    { body: 1, verdict: differs(/content type application\/json/) },
  ],
  [
    'a JSON type of its own',
    types({ 'application/problem+json': { schema: number } }),
    { type: 'application/problem+json', body: 'a', verdict: differs(/whole number/) },
  ],
  [
    'a type that is not described',
    one(number),
    { type: 'text/html', body: 'a', verdict: differs(/content type text\/html/) },
  ],
  [
    'lines of JSON are not one document',
    types({ 'application/x-ndjson': { schema: number } }),
    { type: 'application/x-ndjson', body: 'a', verdict: conforms },
  ],
  [
    'HEAD has no body',
    paths({ '/x': { head: answered(number) } }),
    { method: 'HEAD', body: '', verdict: conforms },
  ],
];

export const statuses: Cases = [
  [
    'the status',
    paths({ '/x': { get: { responses: { 200: { description: '' } } } } }),
    { verdict: conforms },
  ],
  [
    'a status that is not described',
    paths({ '/x': { get: { responses: { 200: { description: '' } } } } }),
    { status: 500, verdict: differs(/status 500 of GET \/x is not described/) },
  ],
  [
    'the class of a status',
    paths({ '/x': { get: { responses: { '5XX': { description: '' } } } } }),
    { status: 503, verdict: conforms },
  ],
  [
    'the default',
    paths({ '/x': { get: { responses: { default: { description: '' } } } } }),
    { status: 418, verdict: conforms },
  ],
  [
    'the status wins over its class and the default',
    paths({ '/x': { get: { responses: { default: {}, '2XX': {}, 200: answered(number).responses[200] } } } }),
    { body: 'a', verdict: differs(/whole number/) },
  ],
];
