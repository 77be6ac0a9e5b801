// What inputs are read with: without what asks over the network, so that it costs an action nothing to load.
export { parseTextMatch } from './expectation.ts';
export { type JsonPath, JsonPathError, leadingJsonPath } from './json-path.ts';
export { parseStatusSet } from './status-set.ts';
export { parseVersionSource } from './version.ts';
export { type TargetInputs, targetFields } from './target-fields.ts';
export { type LogPlace, parseLogPlace } from './log/place.ts';
export { parseSelector } from './exposition.ts';
