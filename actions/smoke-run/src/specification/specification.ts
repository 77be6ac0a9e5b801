import type { Path } from '@deploy-actions/document';
import type { HurlEntry } from '../hurl/entry.ts';
import type { PredicateSpec, Predicates } from './predicates.ts';
import type { Where } from './where.ts';

export interface RequestSpec {
  method?: string;
  url: string;
  query?: Record<string, unknown>;
  headers?: Record<string, string | number | boolean>;
  json?: unknown;
  form?: Record<string, string | number | boolean>;
  text?: string;
  file?: string;
  basic?: { username: string; password: string };
  bearer?: string;
  cookies?: Record<string, string | number | boolean>;
  redirects?: number;
  timeout?: string;
  address?: string;
}

export interface ExecSpec {
  service?: string;
  command: string[];
  timeout?: string;
}

export interface QuerySpec {
  status?: true;
  header?: string;
  cookie?: string;
  body?: true;
  jsonpath?: string;
  xpath?: string;
  regex?: string;
  url?: true;
  output?: true;
  secret?: boolean;
}

export interface ExpectSpec {
  status?: number | string | (number | string)[] | Predicates;
  header?: Record<string, PredicateSpec>;
  cookie?: Record<string, PredicateSpec>;
  body?: PredicateSpec;
  jsonpath?: Record<string, PredicateSpec>;
  xpath?: Record<string, PredicateSpec>;
  regex?: Record<string, PredicateSpec>;
  bytes?: PredicateSpec;
  sha256?: string;
  duration?: string | Predicates;
  certificate?: {
    subject?: PredicateSpec;
    issuer?: PredicateSpec;
    names?: PredicateSpec;
    'days-left'?: PredicateSpec;
  };
  url?: PredicateSpec;
  redirects?: PredicateSpec;
  prometheus?: Record<string, PredicateSpec>;
  'json-schema'?: object | string | boolean;
  openapi?: string;
  'exit-code'?: PredicateSpec;
  output?: PredicateSpec;
}

export interface StepSpec {
  name?: string;
  request?: string | RequestSpec;
  exec?: ExecSpec;
  expect?: ExpectSpec;
  capture?: Record<string, QuerySpec>;
  'retry-until'?: string;
  'retry-interval'?: string;
}

export interface CheckSpec extends StepSpec {
  name: string;
  tags?: string[];
  severity?: 'error' | 'warn';
  retries?: number;
  skip?: boolean | string;
  matrix?: Record<string, unknown[]>;
  steps?: StepSpec[];
}

export interface FileSpec {
  'base-url'?: string;
  variables?: Record<string, string | number | boolean>;
  defaults?: {
    headers?: Record<string, string | number | boolean>;
    timeout?: string;
    redirects?: number;
    retries?: number;
    'retry-interval'?: string;
    severity?: 'error' | 'warn';
    expect?: ExpectSpec;
  };
  thresholds?: { p95?: string; 'error-rate'?: string; 'min-checks'?: number };
  checks: CheckSpec[];
}

/** Something that is asked of an answer, with its place in the file. */
export interface Assertion {
  kind: keyof ExpectSpec;
  /** Header name, JSONPath, metric, … */
  argument?: string;
  predicate: PredicateSpec | object | boolean;
  where: Where;
}

export interface Capture {
  name: string;
  query: QuerySpec;
  secret: boolean;
  where: Where;
}

export interface Step {
  name: string;
  request: RequestSpec | undefined;
  exec: ExecSpec | undefined;
  /** Of a .hurl file, in place of request and expectations. */
  hurl?: HurlEntry;
  assertions: Assertion[];
  captures: Capture[];
  /** How long it is tried again until it holds, and the time between two tries, in milliseconds. */
  polling?: { until: number; interval: number };
  where: Where;
}

/** A check that is ready to run: one combination of its matrix, defaults put in. */
export interface Check {
  name: string;
  tags: string[];
  severity: 'error' | 'warn';
  retries: number;
  /** Milliseconds. */
  retryInterval: number;
  skip: string | undefined;
  variables: Record<string, unknown>;
  steps: Step[];
  where: Where;
}

export interface Thresholds {
  p95Ms?: number;
  /** 0 to 1. */
  errorRate?: number;
  minChecks?: number;
}

/** All that a file asks for. */
export interface Specification {
  baseUrl: string | undefined;
  variables: Record<string, unknown>;
  headers: Record<string, string>;
  /** Milliseconds for one request; undefined in a .hurl file, whose entries have their own. */
  timeout: number | undefined;
  redirects: number;
  thresholds: Thresholds;
  checks: Check[];
}

export type { Path };
