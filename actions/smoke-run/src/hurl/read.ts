import { posix } from 'node:path';
import { DocumentError } from '@deploy-actions/document';
import type { Check, Step } from '../specification/specification.ts';
import type { Where } from '../specification/where.ts';
import { type HurlAssert, type HurlCapture, readAssert, readCapture } from './assert.ts';
import { body, file } from './body.ts';
import { Cursor, HurlError } from './cursor.ts';
import type { HurlEntry, HurlResponse, Pair, Part } from './entry.ts';
import { readOption } from './option.ts';
import { key, unquoted, written } from './template.ts';
import { variablesOf } from './variable.ts';

export interface HurlOptions {
  /** Path in the workspace, for messages and for the files that it names. */
  file: string;
  name: string;
  /** Of the inputs, each `name=value` read as hurl's `--variable` does. */
  variables: readonly (readonly [name: string, value: string])[];
  /** Of the inputs, always text. */
  secrets: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads a .hurl file as one journey, for which each entry is a step. Throws DocumentError with the line and column of what
 * is wrong or not supported. Grammar: hurl.dev, "Grammar".
 */
export function readHurl(text: string, options: HurlOptions): Check {
  const cursor = new Cursor(text.replace(/^\uFEFF/, ''));
  try {
    return {
      name: options.name,
      tags: [],
      severity: 'error',
      retries: 0,
      retryInterval: 1000,
      skip: undefined,
      variables: { ...variablesOf(options.variables), ...Object.fromEntries(options.secrets) },
      steps: new EntryReader(cursor, options).read(),
      where: { file: options.file, line: 1, column: 1 },
    };
  } catch (error) {
    if (!(error instanceof HurlError)) throw error;
    throw new DocumentError([{ message: error.message, path: [], line: error.line, column: error.column }]);
  }
}

/** Headers that the client writes by itself. */
const OF_THE_CLIENT = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

class EntryReader {
  private readonly cursor: Cursor;
  private readonly options: HurlOptions;

  constructor(cursor: Cursor, options: HurlOptions) {
    this.cursor = cursor;
    this.options = options;
  }

  read(): Step[] {
    const steps: Step[] = [];
    for (;;) {
      const comments = this.cursor.blankLines();
      const command = comments.find((comment) => comment.includes('@cookie_storage_'));
      if (command !== undefined)
        throw this.cursor.wrong(
          `the command ${command.slice(1).trim().split(':')[0]} before this is not supported`,
        );
      if (this.cursor.done) break;
      steps.push(this.entry());
    }
    if (steps.length === 0) throw new HurlError('the file holds no request', 1, 1);
    return steps;
  }

  private readonly where = (at: number): Where => ({ file: this.options.file, ...this.cursor.placeOf(at) });

  private entry(): Step {
    const { cursor } = this;
    const where = this.where(cursor.at);
    const method = cursor.take(/[A-Z]+(?=[ \t])/y);
    if (method === undefined || method === 'HTTP')
      throw cursor.wrong(`expected a request, such as GET https://example.org, before ${cursor.rest}`);
    if (method === 'CONNECT' || method === 'TRACE')
      throw cursor.wrong(`the method ${method} is not supported`, cursor.at - method.length);
    cursor.space();
    const url = unquoted(cursor);
    if (url.length === 0) throw cursor.wrong(`${method} needs a URL`);
    cursor.endOfLine();
    const entry: HurlEntry = {
      method,
      url,
      headers: this.pairs(),
      query: [],
      form: [],
      multipart: [],
      cookies: [],
      basicAuth: undefined,
      options: [],
      body: undefined,
      response: undefined,
      folder: posix.dirname(this.options.file.replaceAll('\\', '/')),
      where,
    };
    this.sections((section, at) => this.requestSection(entry, section, at));
    const own = entry.headers.find(({ name }) => OF_THE_CLIENT.has(written(name).toLowerCase()));
    if (own)
      throw new HurlError(
        `the header ${written(own.name)} is not supported: it says how client and server talk, which is not the file's to say`,
        own.where.line,
        own.where.column,
      );
    entry.body = this.body();
    entry.response = this.response();
    if (entry.body !== undefined && entry.form.length + entry.multipart.length > 0)
      throw new HurlError('a body beside [Form] or [Multipart] is not supported', entry.body.where.line, 1);
    const shown = written(url).replace(/\?.*$/, '');
    return {
      name: `${method} ${shown.replace(/^(https?:\/\/)[^/#]*@/i, '$1***@')}`,
      request: undefined,
      exec: undefined,
      hurl: entry,
      assertions: [],
      captures: [],
      where,
    };
  }

  /** Lines as long as `read` takes them. */
  private lines<T>(read: () => T | undefined): T[] {
    const found: T[] = [];
    for (;;) {
      const one = this.cursor.attempt(() => {
        this.cursor.blankLines();
        return this.cursor.done ? undefined : read();
      });
      if (one === undefined) return found;
      found.push(one);
    }
  }

  private pair(): Pair | undefined {
    const { cursor } = this;
    const where = this.where(cursor.at);
    const name = key(cursor);
    if (!name) return undefined;
    cursor.space();
    if (!cursor.literal(':')) return undefined;
    cursor.space();
    const value = unquoted(cursor);
    cursor.endOfLine();
    return { name, value, where };
  }

  private pairs(): Pair[] {
    return this.lines(() => this.pair());
  }

  private part(): Part | undefined {
    const { cursor } = this;
    const where = this.where(cursor.at);
    const withFile = cursor.attempt((): Part | undefined => {
      const name = key(cursor);
      if (!name) return undefined;
      cursor.space();
      if (!cursor.literal(':')) return undefined;
      cursor.space();
      const found = file(cursor);
      if (!found) return undefined;
      cursor.space();
      const type = unquoted(cursor);
      cursor.endOfLine();
      return { name, file: found, type: type.length === 0 ? undefined : type, where };
    });
    return withFile ?? this.pair();
  }

  /** Sections until one is no section; each name once. */
  private sections(take: (section: string, at: number) => void): void {
    const seen = new Set<string>();
    this.lines(() => {
      const at = this.cursor.at;
      const section = this.cursor.take(/\[[A-Za-z0-9]+\](?=[ \t]*(?:#|\r?\n|$))/y)?.slice(1, -1);
      if (section === undefined) return undefined;
      if (seen.has(section)) throw this.cursor.wrong(`[${section}] stands twice`, at);
      seen.add(section);
      this.cursor.endOfLine();
      take(section, at);
      return section;
    });
  }

  private requestSection(entry: HurlEntry, section: string, at: number): void {
    switch (section) {
      case 'QueryStringParams':
      case 'Query':
        entry.query = this.pairs();
        return;
      case 'FormParams':
      case 'Form':
        entry.form = this.pairs();
        return;
      case 'MultipartFormData':
      case 'Multipart':
        entry.multipart = this.lines(() => this.part());
        return;
      case 'Cookies':
        entry.cookies = this.pairs();
        return;
      case 'BasicAuth':
        entry.basicAuth = this.cursor.attempt(() => {
          this.cursor.blankLines();
          return this.pair();
        });
        return;
      case 'Options':
        entry.options = this.lines(() => readOption(this.cursor, this.where)).filter(
          (one) => one !== 'silent',
        );
        return;
      default:
        throw this.cursor.wrong(`[${section}] is no section of a request`, at);
    }
  }

  private body(): HurlEntry['body'] {
    const { cursor } = this;
    return cursor.attempt(() => {
      cursor.blankLines();
      const where = this.where(cursor.at);
      const found = cursor.done ? undefined : body(cursor);
      if (!found) return undefined;
      cursor.endOfLine();
      return { body: found, where };
    });
  }

  private response(): HurlResponse | undefined {
    const { cursor } = this;
    return cursor.attempt(() => {
      cursor.blankLines();
      const start = cursor.at;
      const version = cursor.take(/HTTP(?:\/[^ \t\r\n]*)?(?=[ \t\r\n]|$)/y);
      if (version === undefined) return undefined;
      if (/^HTTP\/(?:1\.0|2|3)$/.test(version))
        throw cursor.wrong(
          `${version} is not supported: requests are made in HTTP/1.1; write HTTP for any version`,
          start,
        );
      if (version !== 'HTTP' && version !== 'HTTP/1.1')
        throw cursor.wrong(`${version} is no version of HTTP`, start);
      cursor.space();
      const status = cursor.take(/\*|\d+/y);
      if (status === undefined)
        throw cursor.wrong('expected a status behind HTTP, such as HTTP 200 or HTTP *');
      cursor.endOfLine();
      const response: HurlResponse = {
        status: status === '*' ? undefined : Number(status),
        version: version === 'HTTP' ? undefined : '1.1',
        headers: this.pairs(),
        captures: [],
        asserts: [],
        body: undefined,
        where: this.where(start),
      };
      this.sections((section, at) => {
        if (section === 'Captures')
          response.captures = this.lines((): HurlCapture | undefined => readCapture(cursor, this.where));
        else if (section === 'Asserts')
          response.asserts = this.lines((): HurlAssert | undefined =>
            this.assertBegins() ? readAssert(cursor, this.where) : undefined,
          );
        else throw cursor.wrong(`[${section}] is no section of a response`, at);
      });
      response.body = this.body();
      return response;
    });
  }

  /** Asserts begin with a word in lower case; a section, a body or the next request do not. */
  private assertBegins(): boolean {
    const word = this.cursor.peek(/[a-z][A-Za-z0-9]*/y)?.[0];
    return word !== undefined && !['true', 'false', 'null', 'file', 'hex', 'base64'].includes(word);
  }
}
