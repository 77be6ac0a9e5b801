import { DocumentError } from '@deploy-actions/document';
import { parseDuration } from '@deploy-actions/kit';
import { lenientJsonPath } from '@deploy-actions/probe';
import { parseAssertLine, parseQuery } from './assert.ts';
import { HurlError, LineReader } from './line.ts';
import type { Check, RequestSpec, Step, Where } from '../specification/specification.ts';

/** What of Hurl is not read, for the README and for messages. */
export const UNSUPPORTED = [
  '[MultipartFormData]',
  'options other than location, max-redirs, max-time, retry, retry-interval, skip and variable',
  'queries version, ip, md5, rawbytes',
  'filters other than count, nth, toInt, toFloat, toString and daysAfterNow',
  'multi-line bodies with a language other than json, xml or raw',
] as const;

interface Draft {
  request: RequestSpec;
  step: Step;
  redirects: number;
}

/**
 * Reads a .hurl file as one journey. Throws DocumentError with the line and column of what is wrong or not
 * supported. Grammar: hurl.dev, "Grammar".
 */
export function readHurl(
  text: string,
  options: { file: string; name: string; variables: Readonly<Record<string, unknown>> },
): Check {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  try {
    return new HurlReader(lines, options).read();
  } catch (error) {
    if (!(error instanceof HurlError)) throw error;
    throw new DocumentError([{ message: error.message, path: [], line: error.line, column: error.column }]);
  }
}

class HurlReader {
  private at = 0;
  private readonly lines: string[];
  private readonly options: { file: string; name: string; variables: Readonly<Record<string, unknown>> };
  private readonly variables: Record<string, unknown>;
  private retries = 0;
  private retryInterval = 1000;
  private skip: string | undefined;

  constructor(
    lines: string[],
    options: { file: string; name: string; variables: Readonly<Record<string, unknown>> },
  ) {
    this.lines = lines;
    this.options = options;
    this.variables = { ...options.variables };
  }

  read(): Check {
    const steps: Step[] = [];
    for (this.blank(); this.at < this.lines.length; this.blank()) steps.push(this.entry());
    if (steps.length === 0) throw new HurlError('the file holds no request', 1, 1);
    return {
      name: this.options.name,
      tags: [],
      severity: 'error',
      retries: this.retries,
      retryInterval: this.retryInterval,
      skip: this.skip,
      variables: this.variables,
      steps,
      where: this.where(1),
    };
  }

  private where(line: number, column = 1): Where {
    return { file: this.options.file, line, column };
  }

  private wrong(message: string, column = 1): HurlError {
    return new HurlError(message, this.at + 1, column);
  }

  /** Skips empty lines and comments. */
  private blank(): void {
    while (this.at < this.lines.length && /^\s*(#.*)?$/.test(this.lines[this.at]!)) this.at += 1;
  }

  private get line(): string {
    return this.lines[this.at] ?? '';
  }

  private entry(): Step {
    const place = this.where(this.at + 1);
    const [, method, url] = /^\s*([A-Z]+)\s+(\S.*?)\s*(?:\s#.*)?$/.exec(this.line) ?? [];
    if (method === undefined || method === 'HTTP')
      throw this.wrong('expected a request, such as GET https://example.org');
    this.at += 1;
    const draft: Draft = {
      request: { method, url: url! },
      step: {
        name: `${method} ${url!.replace(/\?.*$/, '').replace(/^(https?:\/\/)[^/#]*@/i, '$1***@')}`,
        request: undefined,
        exec: undefined,
        assertions: [],
        captures: [],
        where: place,
      },
      redirects: 0,
    };
    this.headers((name, value) => ((draft.request.headers ??= {})[name] = value));
    this.sections(draft, 'request');
    this.requestBody(draft.request);
    draft.step.request = { ...draft.request, ...(draft.redirects > 0 ? { redirects: draft.redirects } : {}) };
    this.blank();
    if (/^\s*HTTP(\/\S+)?(\s|$)/.test(this.line)) this.response(draft);
    return draft.step;
  }

  private headers(take: (name: string, value: string) => void): void {
    this.pairs((name, reader) => take(name, reader.unquoted()));
  }

  /** Lines of `name: value`; `take` reads the value. */
  private pairs(take: (name: string, reader: LineReader) => void): void {
    for (this.blank(); this.at < this.lines.length; this.blank()) {
      const reader = new LineReader(this.line, this.at + 1);
      const name = reader.take(/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?=\s*:)/y);
      if (name === undefined) return;
      reader.expect(':');
      take(name, reader);
      this.at += 1;
    }
  }

  private sections(draft: Draft, part: 'request' | 'response'): void {
    for (this.blank(); this.at < this.lines.length; this.blank()) {
      const [, section] = /^\s*\[([A-Za-z]+)\]\s*(?:#.*)?$/.exec(this.line) ?? [];
      if (section === undefined) return;
      const start = this.at;
      this.at += 1;
      if (!this.section(draft, part, section)) {
        this.at = start;
        throw this.wrong(`[${section}] is not supported here`);
      }
    }
  }

  private section(draft: Draft, part: 'request' | 'response', section: string): boolean {
    const { request, step } = draft;
    const into = (target: Record<string, unknown>) => this.headers((name, value) => (target[name] = value));
    if (part === 'request') {
      switch (section) {
        case 'QueryStringParams':
        case 'Query':
          into((request.query ??= {}));
          return true;
        case 'FormParams':
        case 'Form':
          into((request.form ??= {}));
          return true;
        case 'Cookies':
          into((request.cookies ??= {}));
          return true;
        case 'BasicAuth':
          this.headers((username, password) => (request.basic = { username, password }));
          return true;
        case 'Options':
          this.pairs((name, reader) =>
            name === 'variable' ? this.variable(reader) : this.option(draft, name, reader.unquoted()),
          );
          return true;
        default:
          return false;
      }
    }
    if (section !== 'Asserts' && section !== 'Captures') return false;
    for (this.blank(); this.at < this.lines.length; this.blank()) {
      if (
        /^\s*\[[A-Za-z]+\]\s*(#.*)?$/.test(this.line) ||
        this.isBodyStart() ||
        /^\s*[A-Z]+\s+\S/.test(this.line)
      )
        return true;
      const reader = new LineReader(this.line, this.at + 1);
      if (section === 'Asserts') step.assertions.push(parseAssertLine(reader, this.where(this.at + 1)));
      else {
        const name = reader.word(/[A-Za-z_][\w-]*/y, 'a name');
        reader.expect(':');
        const query = parseQuery(reader);
        reader.end();
        if (query.jsonpath !== undefined) this.checkPath(query.jsonpath);
        step.captures.push({
          name,
          query,
          secret: /token|secret|passw|session|cookie|csrf|api-?key/i.test(name),
          where: this.where(this.at + 1),
        });
      }
      this.at += 1;
    }
    return true;
  }

  private checkPath(path: string): void {
    if (path.includes('{{')) return;
    try {
      lenientJsonPath(path);
    } catch (error) {
      throw this.wrong(`"${path}" is no JSONPath: ${(error as Error).message}`);
    }
  }

  private option(draft: Draft, name: string, value: string): void {
    const flag = value === 'true';
    const time = () => {
      const ms = /^\d+$/.test(value)
        ? Number(value) * (name === 'max-time' ? 1000 : 1)
        : parseDuration(value);
      if (ms === undefined) throw this.wrong(`"${value}" is no time`);
      return ms;
    };
    switch (name) {
      case 'location':
        if (flag) draft.redirects ||= 50;
        return;
      case 'max-redirs':
        draft.redirects = Math.min(50, Number(value) < 0 ? 50 : Number(value) || 0);
        return;
      case 'max-time':
        draft.request.timeout = `${time()}ms`;
        return;
      case 'retry':
        if (!/^\d+$/.test(value)) throw this.wrong('retry needs a whole number here');
        this.retries = Math.max(this.retries, Math.min(100, Number(value)));
        return;
      case 'retry-interval':
        this.retryInterval = time();
        return;
      case 'skip':
        if (flag) this.skip = 'skipped in the file';
        return;
      default:
        throw this.wrong(
          `the option "${name}" is not supported; supported are location, max-redirs, max-time, retry, retry-interval, skip and variable`,
        );
    }
  }

  private variable(reader: LineReader): void {
    const name = reader.take(/[\w-]+(?=\s*=)/y);
    if (name === undefined) throw this.wrong('variable needs name=value');
    reader.expect('=');
    this.variables[name] = reader.peek(/"/y) === undefined ? reader.unquoted() : reader.string();
    reader.end();
  }

  private isBodyStart(): boolean {
    return /^\s*(\{(?!\{)|\[(?![A-Za-z]+\]\s*$)|```|`|<|file,|base64,|hex,|")/.test(this.line);
  }

  private requestBody(request: RequestSpec): void {
    this.blank();
    if (this.at >= this.lines.length || !this.isBodyStart()) return;
    const body = this.body();
    if (body.file !== undefined) request.file = body.file;
    else {
      request.text = body.text;
      if (body.type && !Object.keys(request.headers ?? {}).some((name) => /^content-type$/i.test(name))) {
        (request.headers ??= {})['content-type'] = body.type;
      }
    }
  }

  /** A body of any kind; the line after it is the current one. */
  private body(): { text?: string; file?: string; type?: string } {
    const line = this.line.trim();
    const file = /^file,\s*(.+?)\s*;\s*(?:#.*)?$/.exec(line)?.[1];
    if (file !== undefined) {
      this.at += 1;
      return { file };
    }
    if (/^(base64|hex),/.test(line))
      throw this.wrong('bodies in base64 and hex are not supported; use file,…;');
    const fence = /^```(\w*)\s*$/.exec(line);
    if (fence) {
      const kind = fence[1]!;
      if (!['', 'json', 'xml', 'raw'].includes(kind))
        throw this.wrong(`a multi-line body of kind "${kind}" is not supported`);
      const start = this.at;
      for (this.at += 1; this.at < this.lines.length && this.line.trim() !== '```'; this.at += 1);
      if (this.at >= this.lines.length) {
        this.at = start;
        throw this.wrong('the ``` is not closed');
      }
      const text = this.lines
        .slice(start + 1, this.at)
        .map((one) => `${one}\n`)
        .join('');
      this.at += 1;
      return {
        text,
        ...(kind === 'json'
          ? { type: 'application/json' }
          : kind === 'xml'
            ? { type: 'application/xml' }
            : {}),
      };
    }
    const oneLine = /^`([^`]*)`\s*(?:#.*)?$/.exec(line)?.[1];
    if (oneLine !== undefined) {
      this.at += 1;
      return { text: oneLine };
    }
    if (/^[{["]/.test(line)) return { text: this.json(), type: 'application/json' };
    return { text: this.xml(), type: 'application/xml' };
  }

  /** JSON from here to where its brackets close; templates may stand in place of values. */
  private json(): string {
    const start = this.at;
    let depth = 0;
    let quoted = false;
    for (; this.at < this.lines.length; this.at += 1) {
      for (let i = 0; i < this.line.length; i += 1) {
        const char = this.line[i]!;
        if (quoted) {
          if (char === '\\') i += 1;
          else if (char === '"') quoted = false;
        } else if (char === '"') quoted = true;
        else if (char === '{' || char === '[') depth += 1;
        else if (char === '}' || char === ']') depth -= 1;
      }
      if (depth <= 0 && !quoted) {
        this.at += 1;
        return this.lines.slice(start, this.at).join('\n').trim();
      }
    }
    this.at = start;
    throw this.wrong('the JSON body does not end');
  }

  private xml(): string {
    const start = this.at;
    while (this.at < this.lines.length && !/^\s*(HTTP(\/\S+)?\s|$)/.test(this.line)) this.at += 1;
    return this.lines.slice(start, this.at).join('\n');
  }

  private response(draft: Draft): void {
    const [, status] = /^\s*HTTP(?:\/\S+)?\s+(\d{3}|\*)\s*(?:#.*)?$/.exec(this.line) ?? [];
    if (status === undefined) throw this.wrong('expected HTTP and a status, such as HTTP 200 or HTTP *');
    const place = this.where(this.at + 1);
    if (status !== '*') draft.step.assertions.push({ kind: 'status', predicate: status, where: place });
    this.at += 1;
    this.headers((name, value) => {
      draft.step.assertions.push({
        kind: 'header',
        argument: name,
        predicate: { equals: value },
        where: this.where(this.at + 1),
      });
    });
    this.sections(draft, 'response');
    this.blank();
    if (this.at >= this.lines.length || !this.isBodyStart()) return;
    const where = this.where(this.at + 1);
    const body = this.body();
    if (body.file !== undefined)
      throw new HurlError('a response body from a file is not supported', where.line, 1);
    if (body.type === 'application/json') {
      let value: unknown;
      try {
        value = JSON.parse(body.text!);
      } catch {
        throw new HurlError('the expected body is not JSON', where.line, 1);
      }
      draft.step.assertions.push({ kind: 'jsonpath', argument: '$', predicate: { equals: value }, where });
    } else draft.step.assertions.push({ kind: 'body', predicate: { equals: body.text }, where });
  }
}
