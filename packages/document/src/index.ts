export { type ParseLimits, type ParseOptions, type ParsedDocument, parseDocument } from './parse.ts';
export { DocumentError, type Path, type Problem, documentFailure, pathText, problemLine } from './problem.ts';
export {
  type ReadDocument,
  type ReadOptions,
  type Violation,
  readDocument,
  validateSchema,
} from './schema.ts';
export { type Schema } from './explain.ts';
export { suggest } from './suggest.ts';
