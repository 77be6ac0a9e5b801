import type { Cases, OpenapiCase } from './openapi-case.ts';
import { reference, yamlWords } from './openapi-reference-cases.ts';
import { media, servers, statuses, templates } from './openapi-request-cases.ts';
import { keywords, nullables, writeOnly } from './openapi-schema-cases.ts';

const subjects: [string, Cases][] = [
  ['References', reference],
  ['YAML', yamlWords],
  ['Null', nullables],
  ['What is only written', writeOnly],
  ['Servers', servers],
  ['Paths', templates],
  ['Content types', media],
  ['Statuses', statuses],
  ['Schemas', keywords],
];

/** Small cases of one rule each, by the texts of OpenAPI 3.0.4 and 3.1.1. */
export const openapiCases: OpenapiCase[] = subjects.flatMap(([subject, cases]) =>
  cases.map(([name, description, rest]) => ({ subject, name, description, ...rest })),
);
