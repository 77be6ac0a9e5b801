/** A time in the YAML form of targets. */
export const timeSchema = {
  type: 'string',
  pattern: '^(0|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)$',
  'x-expected': 'a time such as 500ms, 30s or 5m',
};
const scalar = { type: ['string', 'number'] };

/**
 * JSON Schema (2020-12) of the YAML form of `targets`. Each key means what the input of that name means. `own` has the
 * keys that only the asking action knows.
 */
export const targetsSchema = (own: Readonly<Record<string, object>>) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Targets',
  type: 'array',
  minItems: 1,
  'x-expected': 'a list of targets',
  items: {
    anyOf: [
      { type: 'string', minLength: 1 },
      {
        type: 'object',
        required: ['url'],
        additionalProperties: false,
        properties: {
          name: { type: 'string', minLength: 1, maxLength: 200 },
          url: {
            type: 'string',
            minLength: 1,
            'x-expected': 'an address such as https://example.org/health',
          },
          method: { type: 'string', pattern: '^[A-Za-z]{3,10}$', 'x-expected': 'an HTTP method' },
          headers: { type: 'object', additionalProperties: { type: 'string' } },
          body: { type: 'string' },
          'expect-status': { ...scalar, 'x-expected': 'a set of status codes, such as 200, 2xx or 200-399' },
          'expect-body': { type: 'string' },
          'expect-json': {
            type: ['object', 'string'],
            'x-expected': 'a mapping of JSONPath to value, or lines of path or path=value',
          },
          'expect-header': { type: 'object', additionalProperties: { type: ['string', 'null'] } },
          'expect-version': scalar,
          'version-from': { type: 'string' },
          'expect-within': timeSchema,
          'expect-certificate-days': { type: 'integer', minimum: 0 },
          'expect-output': { type: 'string' },
          redirects: { type: 'integer', minimum: 0, maximum: 20 },
          address: { type: 'string' },
          servername: { type: 'string' },
          'ip-version': { enum: [4, 6] },
          'request-timeout': timeSchema,
          via: { enum: ['runner', 'ssh'] },
          ...own,
        },
      },
    ],
  },
});
