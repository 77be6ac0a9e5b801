/** The dialects of JSON Schema that are understood. OpenAPI 3.1 and later have draft 2020-12. */
export type Dialect = '4' | '6' | '7' | '2019-09' | '2020-12' | 'openapi-3.0';

const NAMED: [RegExp, Dialect][] = [
  [/^https?:\/\/json-schema\.org\/draft-04\/schema#?$/, '4'],
  [/^https?:\/\/json-schema\.org\/draft-06\/schema#?$/, '6'],
  [/^https?:\/\/json-schema\.org\/draft-07\/schema#?$/, '7'],
  [/^https?:\/\/json-schema\.org\/draft\/2019-09\/schema#?$/, '2019-09'],
  [/^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/, '2020-12'],
  [/^https:\/\/spec\.openapis\.org\/oas\/3\.\d\/dialect\/(base|[\d-]+)$/, '2020-12'],
];

/** The dialect that `$schema` or `jsonSchemaDialect` names; undefined when it is none of ours. */
export function dialectNamed(uri: string): Dialect | undefined {
  return NAMED.find(([form]) => form.test(uri))?.[1];
}

/** `$ref` stands alone: what is written beside it does not count (JSON Schema up to draft 7, OpenAPI 3.0). */
export function referenceStandsAlone(dialect: Dialect): boolean {
  return dialect === '4' || dialect === '6' || dialect === '7' || dialect === 'openapi-3.0';
}

/** What a keyword's value must be. */
export type Shape =
  | 'schema'
  | 'schemas'
  | 'schema-map'
  | 'schema-or-schemas'
  | 'schema-or-names-map'
  | 'number'
  | 'limit'
  | 'count'
  | 'pattern'
  | 'types'
  | 'list'
  | 'names'
  | 'names-map'
  | 'flag'
  | 'text'
  | 'any';

const ORDER: Dialect[] = ['4', '6', '7', '2019-09', '2020-12'];

/** Every keyword that decides whether a value conforms, the form of its value, and the drafts that have it. */
const KEYWORDS: Record<string, { shape: Shape; since?: Dialect; until?: Dialect }> = {
  type: { shape: 'types' },
  enum: { shape: 'list' },
  const: { shape: 'any', since: '6' },
  allOf: { shape: 'schemas' },
  anyOf: { shape: 'schemas' },
  oneOf: { shape: 'schemas' },
  not: { shape: 'schema' },
  if: { shape: 'schema', since: '7' },
  then: { shape: 'schema', since: '7' },
  else: { shape: 'schema', since: '7' },
  properties: { shape: 'schema-map' },
  patternProperties: { shape: 'schema-map' },
  additionalProperties: { shape: 'schema' },
  propertyNames: { shape: 'schema', since: '6' },
  required: { shape: 'names' },
  minProperties: { shape: 'count' },
  maxProperties: { shape: 'count' },
  dependencies: { shape: 'schema-or-names-map' },
  dependentRequired: { shape: 'names-map', since: '2019-09' },
  dependentSchemas: { shape: 'schema-map', since: '2019-09' },
  unevaluatedProperties: { shape: 'schema', since: '2019-09' },
  items: { shape: 'schema-or-schemas' },
  prefixItems: { shape: 'schemas', since: '2020-12' },
  additionalItems: { shape: 'schema', until: '2019-09' },
  contains: { shape: 'schema', since: '6' },
  minContains: { shape: 'count', since: '2019-09' },
  maxContains: { shape: 'count', since: '2019-09' },
  unevaluatedItems: { shape: 'schema', since: '2019-09' },
  minItems: { shape: 'count' },
  maxItems: { shape: 'count' },
  uniqueItems: { shape: 'flag' },
  minimum: { shape: 'number' },
  maximum: { shape: 'number' },
  exclusiveMinimum: { shape: 'limit' },
  exclusiveMaximum: { shape: 'limit' },
  multipleOf: { shape: 'number' },
  minLength: { shape: 'count' },
  maxLength: { shape: 'count' },
  pattern: { shape: 'pattern' },
  format: { shape: 'text' },
};

/** The form of a keyword's value; undefined for what is no keyword of this dialect, or decides nothing. */
export function shapeOf(keyword: string, dialect: Dialect): Shape | undefined {
  const known = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
  if (known === undefined) return undefined;
  // OpenAPI 3.0 has fewer; what is written beyond them is meant, so it counts.
  const at = ORDER.indexOf(dialect === 'openapi-3.0' ? '2020-12' : dialect);
  if (known.since !== undefined && at < ORDER.indexOf(known.since)) return undefined;
  if (known.until !== undefined && at > ORDER.indexOf(known.until)) return undefined;
  if (keyword === 'items' && dialect === '2020-12') return 'schema';
  return known.shape;
}

/** The word that gives a schema its own address: `id` in draft 4, `$id` since. */
export function identifierKeyword(dialect: Dialect): '$id' | 'id' {
  return dialect === '4' ? 'id' : '$id';
}

/** Where schemas stand that nothing refers to by a keyword above: only `$ref` reaches them. */
export const DEFINITIONS = ['$defs', 'definitions'];
