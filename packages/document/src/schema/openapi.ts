import type { Dialect } from './dialect.ts';
import { type Keywords, type SchemaLocation, refusal } from './source.ts';

/**
 * The keywords of a schema of OpenAPI in the words of JSON Schema: `nullable: true` means something in 3.0 alone, and
 * boolean exclusive bounds do, which descriptions of 3.1 still have (OpenAPI 3.0.4, Schema Object). `nullable` lets
 * null through whatever else the same schema says, which is what those who write it beside `enum` or `allOf` mean by it.
 */
export function openapiKeywords(node: Keywords, at: SchemaLocation, dialect: Dialect): Keywords {
  if (dialect !== 'openapi-3.0') return exclusiveBounds(node, at);
  const { nullable, ...rest } = node;
  if (nullable !== undefined && typeof nullable !== 'boolean')
    throw refusal({ ...at, path: [...at.path, 'nullable'] }, '"nullable" should be true or false');
  const keywords = exclusiveBounds(rest, at);
  if (nullable !== true) return keywords;
  const { type, enum: values, ...others } = keywords;
  const composed = ['allOf', 'anyOf', 'oneOf', 'not', 'const'].some((keyword) => keyword in others);
  if (composed) return { anyOf: [{ ...rest }, { type: 'null' }] };
  return {
    ...others,
    ...(type === undefined
      ? {}
      : { type: [...(Array.isArray(type) ? (type as unknown[]) : [type]), 'null'] }),
    ...(Array.isArray(values)
      ? { enum: [...(values as unknown[]), null] }
      : values === undefined
        ? {}
        : { enum: values }),
  };
}

/** `exclusiveMinimum: true` beside `minimum: 1` becomes `exclusiveMinimum: 1`. */
function exclusiveBounds(schema: Keywords, at: SchemaLocation): Keywords {
  let out = schema;
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    const strict = out[exclusive];
    if (typeof strict !== 'boolean') continue;
    const { [bound]: limit, [exclusive]: _dropped, ...rest } = out;
    if (limit === undefined) out = rest;
    else if (typeof limit !== 'number')
      throw refusal({ ...at, path: [...at.path, bound] }, `"${bound}" should be a number`);
    else out = { ...rest, [strict ? exclusive : bound]: limit };
  }
  return out;
}
