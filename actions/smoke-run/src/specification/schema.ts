const time = {
  type: 'string',
  pattern: '^(0|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)$',
  'x-expected': 'a time such as 500ms, 30s or 5m',
};
const until = {
  ...time,
  description: 'The step alone is tried again until it holds, for this time at most',
};
const text = { type: 'string' };
const scalar = { type: ['string', 'number', 'boolean', 'null'] };
const name = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_-]*$',
  'x-expected': 'a name (letters, digits, _ and -)',
};
const strings = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } };
const tags = { type: 'array', items: { type: 'string', pattern: '^[\\w.-]+$', 'x-expected': 'a word' } };
const ref = (what: string) => ({ $ref: `#/$defs/${what}` });
const byKey = { type: 'object', minProperties: 1, additionalProperties: ref('predicate') };

/**
 * The published JSON Schema (draft 2020-12) of a smoke-run file; `schema.json` beside action.yml is this, as
 * a file for editors. `x-expected` says in messages what would be right.
 */
export const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://raw.githubusercontent.com/org/deploy-actions/main/actions/smoke-run/schema.json',
  title: 'smoke-run: checks of a deployed application',
  type: 'object',
  additionalProperties: false,
  required: ['checks'],
  properties: {
    $schema: text,
    'base-url': {
      type: 'string',
      description: 'What relative URLs are relative to; the input of that name wins',
    },
    variables: { ...strings, propertyNames: name, description: 'Values for {{name}}' },
    defaults: ref('defaults'),
    thresholds: ref('thresholds'),
    checks: { type: 'array', minItems: 1, items: ref('check'), 'x-expected': 'a list of checks' },
  },
  $defs: {
    defaults: {
      type: 'object',
      additionalProperties: false,
      properties: {
        headers: strings,
        timeout: time,
        redirects: { type: 'integer', minimum: 0, maximum: 50 },
        retries: { type: 'integer', minimum: 0, maximum: 100 },
        'retry-interval': time,
        severity: { enum: ['error', 'warn'] },
        expect: ref('expect'),
      },
    },
    thresholds: {
      type: 'object',
      additionalProperties: false,
      description: 'Limits over the checks of this file',
      properties: {
        p95: { ...time, description: '95 % of the answers came within this time' },
        'error-rate': {
          type: 'string',
          pattern: '^\\d+(\\.\\d+)?%$',
          'x-expected': 'a percentage such as 1%',
          description: 'Share of the checks that may fail',
        },
        'min-checks': {
          type: 'integer',
          minimum: 1,
          description: 'Least number of checks that must have run',
        },
      },
    },
    check: {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 200 },
        tags,
        severity: {
          enum: ['error', 'warn'],
          description: 'warn: a failure annotates and does not fail the run',
        },
        retries: { type: 'integer', minimum: 0, maximum: 100, description: 'The whole journey is repeated' },
        'retry-interval': time,
        skip: { type: ['boolean', 'string'], description: 'true, or the reason' },
        matrix: {
          type: 'object',
          propertyNames: name,
          minProperties: 1,
          additionalProperties: {
            type: 'array',
            minItems: 1,
            items: scalar,
            'x-expected': 'a list of values',
          },
          description: 'The check runs once for each combination; values are variables',
        },
        request: ref('request'),
        exec: ref('exec'),
        expect: ref('expect'),
        capture: ref('capture'),
        'retry-until': until,
        steps: { type: 'array', minItems: 1, items: ref('step'), description: 'A journey: steps in order' },
      },
    },
    step: {
      type: 'object',
      additionalProperties: false,
      properties: {
        name: { type: 'string', minLength: 1 },
        request: ref('request'),
        exec: ref('exec'),
        expect: ref('expect'),
        capture: ref('capture'),
        'retry-until': until,
        'retry-interval': time,
      },
    },
    request: {
      anyOf: [
        { type: 'string', minLength: 1, 'x-expected': 'a URL' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['url'],
          properties: {
            method: { type: 'string', pattern: '^[A-Za-z]{2,20}$', 'x-expected': 'an HTTP method' },
            url: { type: 'string', minLength: 1, 'x-expected': 'a URL, or a path below base-url' },
            query: {
              type: 'object',
              additionalProperties: { anyOf: [scalar, { type: 'array', items: scalar }] },
            },
            headers: strings,
            json: { description: 'Body as JSON' },
            form: strings,
            text: { type: 'string', description: 'Body as it is' },
            file: { type: 'string', minLength: 1, description: 'Body from a file of the workspace' },
            basic: {
              type: 'object',
              additionalProperties: false,
              required: ['username', 'password'],
              properties: { username: text, password: text },
            },
            bearer: text,
            cookies: strings,
            redirects: { type: 'integer', minimum: 0, maximum: 50 },
            timeout: time,
            address: { type: 'string', description: 'Connect to this address[:port], as curl --connect-to' },
          },
        },
      ],
    },
    exec: {
      type: 'object',
      additionalProperties: false,
      required: ['command'],
      properties: {
        service: { type: 'string', description: 'Compose service on the server; without it the runner' },
        command: {
          type: 'array',
          minItems: 1,
          items: { type: 'string' },
          'x-expected': 'a list: the program and its arguments',
        },
        timeout: time,
      },
    },
    capture: {
      type: 'object',
      propertyNames: name,
      additionalProperties: ref('query'),
      description: 'Values of the answer that later steps use as {{name}}',
    },
    query: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        status: { const: true },
        header: text,
        cookie: text,
        body: { const: true },
        jsonpath: text,
        xpath: text,
        regex: text,
        url: { const: true },
        output: { const: true },
        secret: { type: 'boolean', description: 'Mask the value everywhere' },
      },
    },
    expect: {
      type: 'object',
      additionalProperties: false,
      properties: {
        status: {
          anyOf: [
            { type: ['integer', 'string'] },
            { type: 'array', items: { type: ['integer', 'string'] } },
            ref('predicates'),
          ],
          'x-expected': 'a status, a set such as 2xx or 200-399, or a comparison',
        },
        header: byKey,
        cookie: byKey,
        body: ref('predicate'),
        jsonpath: byKey,
        xpath: byKey,
        regex: byKey,
        bytes: ref('predicate'),
        sha256: { type: 'string', pattern: '^[0-9a-fA-F]{64}$', 'x-expected': '64 hexadecimal digits' },
        duration: { anyOf: [time, ref('predicates')], 'x-expected': 'the longest time, such as 500ms' },
        certificate: {
          type: 'object',
          additionalProperties: false,
          properties: {
            subject: ref('predicate'),
            issuer: ref('predicate'),
            names: ref('predicate'),
            'days-left': ref('predicate'),
          },
        },
        url: ref('predicate'),
        redirects: ref('predicate'),
        prometheus: byKey,
        'json-schema': {
          type: ['object', 'string', 'boolean'],
          description: 'A JSON Schema, or the path of one',
        },
        openapi: {
          type: 'string',
          minLength: 1,
          description: 'Path of an OpenAPI 3 description that the answer conforms to',
        },
        'exit-code': ref('predicate'),
        output: ref('predicate'),
      },
    },
    predicate: {
      anyOf: [scalar, { type: 'array' }, ref('predicates')],
      'x-expected': 'a value, or a comparison such as { contains: text }',
    },
    predicates: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        equals: {},
        contains: { description: 'A text has this part, or a list this item' },
        'starts-with': text,
        'ends-with': text,
        matches: { type: 'string', format: 'regex', 'x-expected': 'a regular expression' },
        'greater-than': { type: ['number', 'string'] },
        'at-least': { type: ['number', 'string'] },
        'less-than': { type: ['number', 'string'] },
        'at-most': { type: ['number', 'string'] },
        includes: { description: 'A list has this item' },
        count: { anyOf: [{ type: 'integer' }, ref('predicates')] },
        exists: { type: 'boolean' },
        is: {
          enum: [
            'string',
            'number',
            'integer',
            'float',
            'boolean',
            'collection',
            'list',
            'object',
            'empty',
            'date',
            'uuid',
            'ipv4',
            'ipv6',
            'null',
          ],
        },
        as: {
          enum: ['number', 'text'],
          description: 'Read a text as a number, or a number as its text, before it is compared',
        },
        not: ref('predicates'),
      },
    },
  },
};
