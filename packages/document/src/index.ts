export { type ParseLimits, type ParseOptions, type ParsedDocument, parseDocument } from './parse.ts';
export { DocumentError, type Path, type Problem, documentFailure, pathText, problemLine } from './problem.ts';
export {
  type PreparedSchema,
  type ReadDocument,
  type ReadOptions,
  type Violation,
  prepareSchema,
  readDocument,
  validateSchema,
} from './schema.ts';
export { type SchemaBundle, bundler } from './schema/bundle.ts';
export { type Doubles, openDoubles } from './schema/doubles.ts';
export { type Dialect, dialectNamed } from './schema/dialect.ts';
export { type References, references } from './schema/reference.ts';
export {
  type OpenSource,
  type SchemaLocation,
  type SchemaSource,
  isMapping,
  refusal,
  valueAt,
} from './schema/source.ts';
export { type Schema } from './explain.ts';
export { suggest } from './suggest.ts';
