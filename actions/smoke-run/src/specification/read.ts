import {
  type ParsedDocument,
  DocumentError,
  type Path,
  type Schema,
  readDocument,
  suggest,
} from '@deploy-actions/document';
import { parseDuration } from '@deploy-actions/kit';
import { lenientJsonPath, parseStatusSet, parseSelector } from '@deploy-actions/probe';
import { schema } from './schema.ts';
import { isSecretName } from './secret-name.ts';
import type {
  Assertion,
  Capture,
  Check,
  CheckSpec,
  ExpectSpec,
  FileSpec,
  RequestSpec,
  Specification,
  Step,
  StepSpec,
} from './specification.ts';
import type { Where } from './where.ts';
import { fill, namesIn } from './template.ts';

export interface ReadOptions {
  /** Path in the workspace, for messages and annotations; undefined for inline checks. */
  file: string | undefined;
  /** Variables that come from the inputs. */
  variables: Readonly<Record<string, unknown>>;
  /** Added to every line number: -1 where a line was put before the user's text. */
  lineOffset?: number;
}

/** Most checks after all matrices are multiplied out. */
const MOST_CHECKS = 20_000;

/** Reads a YAML or JSON file of checks. Throws DocumentError with every problem's line, column and key. */
export async function readSpecification(text: string, options: ReadOptions): Promise<Specification> {
  const document = await readDocument<FileSpec>(text, {
    schema: schema as Schema,
    ...(options.lineOffset === undefined ? {} : { lineOffset: options.lineOffset }),
  });
  return new Reader(document, options).read(document.exact() as FileSpec);
}

/** Turns the document into checks that are ready to run, and collects what no schema can see. */
class Reader {
  private readonly problems: { message: string; path: Path; line: number; column: number }[] = [];
  private readonly document: ParsedDocument;
  private readonly options: ReadOptions;

  constructor(document: ParsedDocument, options: ReadOptions) {
    this.document = document;
    this.options = options;
  }

  read(file: FileSpec): Specification {
    const variables = { ...file.variables, ...this.options.variables };
    const defaults = file.defaults ?? {};
    const thresholds = file.thresholds ?? {};
    const checks = file.checks.flatMap((check, index) =>
      this.check(check, ['checks', index], file, variables),
    );
    if (checks.length > MOST_CHECKS)
      this.wrong(`${checks.length} checks after multiplying out; at most ${MOST_CHECKS} are run`, ['checks']);
    if (this.problems.length > 0) {
      throw new DocumentError([...this.problems].sort((a, b) => a.line - b.line || a.column - b.column));
    }
    return {
      baseUrl: file['base-url'],
      variables,
      headers: texts(defaults.headers),
      timeout: parseDuration(defaults.timeout ?? '10s')!,
      redirects: Number(defaults.redirects ?? 0),
      thresholds: {
        ...(thresholds.p95 === undefined ? {} : { p95Ms: parseDuration(thresholds.p95)! }),
        ...(thresholds['error-rate'] === undefined
          ? {}
          : { errorRate: parseFloat(thresholds['error-rate']) / 100 }),
        ...(thresholds['min-checks'] === undefined ? {} : { minChecks: Number(thresholds['min-checks']) }),
      },
      checks,
    };
  }

  private wrong(message: string, path: Path, what: 'key' | 'value' = 'value'): void {
    this.problems.push({ message, path, ...this.document.place(path, what) });
  }

  private where(path: Path, what: 'key' | 'value' = 'value'): Where {
    return { file: this.options.file, ...this.document.place(path, what) };
  }

  private check(spec: CheckSpec, path: Path, file: FileSpec, variables: Record<string, unknown>): Check[] {
    const defaults = file.defaults ?? {};
    const own = ['request', 'exec', 'expect', 'capture', 'retry-until'].filter((key) => key in spec);
    if (spec.steps && own.length > 0)
      this.wrong(`"${own[0]}" stands beside "steps"; put it into a step`, [...path, own[0]!], 'key');
    if (!spec.steps && !spec.request && !spec.exec) this.wrong('needs "request", "exec" or "steps"', path);
    const known = new Set([...Object.keys(variables), ...Object.keys(spec.matrix ?? {})]);
    const steps = spec.steps
      ? spec.steps.map((step, index) =>
          this.step(step, [...path, 'steps', index], known, defaults.expect, `step ${index + 1}`),
        )
      : [this.step(spec, path, known, defaults.expect, spec.name)];
    const base: Omit<Check, 'name' | 'variables'> = {
      tags: spec.tags ?? [],
      severity: spec.severity ?? defaults.severity ?? 'error',
      retries: Number(spec.retries ?? defaults.retries ?? 0),
      retryInterval: parseDuration(spec['retry-interval'] ?? defaults['retry-interval'] ?? '1s')!,
      skip: spec.skip === true ? 'skipped in the file' : spec.skip === false ? undefined : spec.skip,
      steps,
      where: this.where(path),
    };
    return combinations(spec.matrix ?? {}).map((values) => {
      const all = { ...variables, ...values };
      const unnamed = Object.keys(values).length > 0 && namesIn(spec.name).size === 0;
      const suffix = unnamed
        ? ` (${Object.values(values)
            .map((value) => String(value))
            .join(', ')})`
        : '';
      return { ...base, name: this.name(spec.name, all, path) + suffix, variables: all };
    });
  }

  private name(text: string, variables: Record<string, unknown>, path: Path): string {
    try {
      return fill(text, variables);
    } catch (error) {
      this.wrong((error as Error).message, [...path, 'name']);
      return text;
    }
  }

  private step(
    spec: StepSpec,
    path: Path,
    known: Set<string>,
    defaults: ExpectSpec | undefined,
    name: string,
  ): Step {
    if (spec.request !== undefined && spec.exec)
      this.wrong('"exec" stands beside "request"; one of them is enough', [...path, 'exec'], 'key');
    if (spec.request === undefined && !spec.exec && 'steps' in spec === false)
      this.wrong('needs "request" or "exec"', path);
    this.names(spec.request, [...path, 'request'], known);
    this.names(spec.exec, [...path, 'exec'], known);
    this.names(spec.expect, [...path, 'expect'], known);
    const request = typeof spec.request === 'string' ? shorthand(spec.request) : spec.request;
    if (request) this.request(request, [...path, 'request']);
    const captures = Object.entries(spec.capture ?? {}).map(([variable, query]) =>
      this.capture(variable, query, [...path, 'capture', variable], known),
    );
    return {
      name: spec.name ?? name,
      request,
      exec: spec.exec,
      assertions: this.assertions(spec, path, request ? defaults : undefined),
      captures,
      ...(spec['retry-until'] === undefined
        ? {}
        : {
            polling: {
              until: parseDuration(spec['retry-until'])!,
              interval: parseDuration(spec['retry-interval'] ?? '1s')!,
            },
          }),
      where: this.where(path),
    };
  }

  private names(value: unknown, path: Path, known: Set<string>): void {
    for (const name of namesIn(value)) {
      if (known.has(name)) continue;
      const meant = suggest(name, [...known]);
      const hint =
        meant === undefined
          ? 'define it in `variables`, `matrix`, an input or an earlier `capture`'
          : `did you mean {{${meant}}}?`;
      this.wrong(`{{${name}}} is not defined; ${hint}`, path);
    }
  }

  private request(request: RequestSpec, path: Path): void {
    const bodies = (['json', 'form', 'text', 'file'] as const).filter((key) => key in request);
    if (bodies.length > 1)
      this.wrong(
        `a request has one body; "${bodies[0]}" and "${bodies[1]}" are given`,
        [...path, bodies[1]!],
        'key',
      );
    if (request.basic && request.bearer !== undefined)
      this.wrong('"basic" and "bearer" exclude each other', [...path, 'bearer'], 'key');
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(request.url) && !/^https?:\/\//i.test(request.url)) {
      this.wrong(`should begin with http:// or https://, or be a path below base-url`, [...path, 'url']);
    }
  }

  private capture(name: string, query: QuerySpecLike, path: Path, known: Set<string>): Capture {
    const sources = Object.keys(query).filter((key) => key !== 'secret');
    if (sources.length !== 1)
      this.wrong(
        'names one source: status, header, cookie, body, jsonpath, xpath, regex, url or output',
        path,
      );
    if (query.jsonpath !== undefined) this.jsonPath(query.jsonpath, [...path, 'jsonpath']);
    if (query.regex !== undefined) this.regex(query.regex, [...path, 'regex']);
    known.add(name);
    const secret = query.secret ?? isSecretName(name);
    return { name, query, secret, where: this.where(path) };
  }

  private assertions(spec: StepSpec, path: Path, defaults: ExpectSpec | undefined): Assertion[] {
    const found: Assertion[] = [];
    const own = spec.expect ?? {};
    for (const [kind, predicate] of Object.entries(own) as [keyof ExpectSpec, never][]) {
      found.push(...this.assertion(kind, predicate, [...path, 'expect', kind]));
    }
    for (const [kind, predicate] of Object.entries(defaults ?? {}) as [keyof ExpectSpec, never][]) {
      if (!(kind in own)) found.push(...this.assertion(kind, predicate, ['defaults', 'expect', kind]));
    }
    const seen = new Set(found.map(({ kind }) => kind));
    // What nobody says is meant all the same: an error is no success.
    if (spec.request !== undefined && !seen.has('status')) {
      found.unshift({ kind: 'status', predicate: '200-399', where: this.where(path) });
    }
    if (spec.exec && !seen.has('exit-code'))
      found.unshift({ kind: 'exit-code', predicate: 0, where: this.where(path) });
    for (const { kind } of found) {
      const ofCommand = kind === 'exit-code' || kind === 'output';
      if (!spec.exec && ofCommand) this.wrong(`"${kind}" is for "exec"`, [...path, 'expect', kind], 'key');
      if (spec.exec && !ofCommand && kind !== 'duration') {
        this.wrong(
          `"${kind}" is for "request"; a command has exit-code, output and duration`,
          [...path, 'expect', kind],
          'key',
        );
      }
    }
    return found;
  }

  private assertion(kind: keyof ExpectSpec, predicate: never, path: Path): Assertion[] {
    switch (kind) {
      case 'header':
      case 'cookie':
      case 'jsonpath':
      case 'xpath':
      case 'regex':
      case 'prometheus':
        return Object.entries(predicate as Record<string, never>).map(([argument, inner]) => {
          const here = [...path, argument];
          if (kind === 'jsonpath') this.jsonPath(argument, here);
          if (kind === 'regex') this.regex(argument, here);
          if (kind === 'prometheus' && !argument.includes('{{') && !parseSelector(argument)) {
            this.wrong(`"${argument}" is no metric; write name or name{label="value"}`, here, 'key');
          }
          this.patterns(inner, here);
          return { kind, argument, predicate: inner, where: this.where(here, 'key') };
        });
      case 'certificate':
        return Object.entries(predicate as Record<string, never>).map(([argument, inner]) => ({
          kind,
          argument,
          predicate: inner,
          where: this.where([...path, argument], 'key'),
        }));
      case 'status':
        this.status(predicate, path);
        break;
      default:
        this.patterns(predicate, path);
    }
    return [{ kind, predicate, where: this.where(path, 'key') }];
  }

  private status(predicate: unknown, path: Path): void {
    for (const one of Array.isArray(predicate) ? predicate : [predicate]) {
      if (typeof one === 'string' && one.includes('{{')) continue;
      if ((typeof one === 'string' || typeof one === 'number') && !parseStatusSet(String(one))) {
        this.wrong(`"${one}" is no set of status codes; write such as 200, 2xx or 200-399`, path);
      }
    }
  }

  private jsonPath(text: string, path: Path): void {
    if (text.includes('{{')) return;
    try {
      lenientJsonPath(text);
    } catch (error) {
      this.wrong(`"${text}" is no JSONPath: ${(error as Error).message}`, path, 'key');
    }
  }

  private regex(text: string, path: Path): void {
    try {
      new RegExp(text, 'u');
    } catch (error) {
      this.wrong(`no regular expression: ${(error as Error).message.replace(/^.*: /, '')}`, path, 'key');
    }
  }

  private patterns(predicate: unknown, path: Path): void {
    if (typeof predicate !== 'object' || predicate === null || Array.isArray(predicate)) return;
    for (const [key, value] of Object.entries(predicate)) {
      if (key === 'matches' && typeof value === 'string') this.regex(value, [...path, key]);
      else if (key === 'not' || key === 'count') this.patterns(value, [...path, key]);
    }
  }
}

type QuerySpecLike = Capture['query'];

/** `GET /path` or just the URL. */
function shorthand(text: string): RequestSpec {
  const [, method, url] = /^([A-Z]{2,20})\s+(\S.*)$/.exec(text.trim()) ?? [];
  return method === undefined ? { url: text.trim() } : { method, url: url! };
}

/** Every combination of a matrix' values; one empty combination without a matrix. */
function combinations(matrix: Record<string, unknown[]>): Record<string, unknown>[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(matrix)) {
    all = all.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
    if (all.length > MOST_CHECKS) return all.slice(0, MOST_CHECKS + 1);
  }
  return all;
}

function texts(values: Record<string, unknown> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, String(value)]));
}
