import type { RequestListener } from 'node:http';
import { Failure, type Report, parseFields, redactor, systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { fromRunner } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { mustBeWellTold } from '@deploy-actions/runner/testing';
import { fields } from '../fields.ts';
import { type SmokeInputs, type SmokeOutputs, type World, smokeRun } from '../smoke-run.ts';

interface Run {
  outputs: SmokeOutputs;
  report: Report;
  failure: Failure | undefined;
  summary: string;
  log: string;
  junit: string;
  annotations: unknown[][];
}

interface Served {
  url: string;
  close(): Promise<void>;
}

type Hook = (work: () => Promise<void>) => void;

/** An application for each test, what it was asked, and the action against it. */
export function smokeRig(hooks: {
  beforeEach: Hook;
  afterEach: Hook;
  afterAll: Hook;
  serve: (answer: RequestListener) => Promise<Served>;
}) {
  let app: Served;
  let tries = 0;
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const reach = fromRunner();

  hooks.beforeEach(async () => {
    tries = 0;
    seen.length = 0;
    app = await hooks.serve((request, response) => {
      const url = new URL(request.url!, 'http://x');
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        seen.push(`${request.method} ${request.url}`);
        authorizations.push(request.headers.authorization);
        const json = (value: unknown, status = 200, headers = {}) =>
          response
            .writeHead(status, { 'content-type': 'application/json', ...headers })
            .end(JSON.stringify(value));
        switch (url.pathname) {
          case '/':
            return void response
              .writeHead(200, { 'content-type': 'text/html', 'x-frame-options': 'DENY' })
              .end(
                '<html><head><title>Shop &amp; more</title></head><body><ul><li class=a>One<li class=a>Two</ul></body></html>',
              );
          case '/login':
            if (text !== '{"user":"demo","password":"s3cret-pass"}') return void json({ error: 'no' }, 401);
            return void json({ token: 'tok-12345678', id: 7 }, 200, {
              'set-cookie': 'sid=abc-session-id; Path=/; HttpOnly',
            });
          case '/profile':
            if (
              request.headers.authorization !== 'Bearer tok-12345678' ||
              request.headers.cookie !== 'sid=abc-session-id'
            )
              return void json({ error: 'unauthorised' }, 401);
            return void json({ id: 7, name: 'Demo', roles: ['a', 'b'], created: '2026-01-01T00:00:00Z' });
          case '/numbers':
            response.setHeader('content-type', 'application/json');
            response.setHeader('x-twice', ['a', 'b']);
            response.setHeader('x-once', 'a');
            return void response.end(
              '{"id":9007199254740993,"version":1.10,"one":1.0,"list":[9007199254740992,9007199254740993]}',
            );
          case '/hostile':
            return void response.end(`${'a'.repeat(40)}b`);
          case '/form-login':
            return void response
              .writeHead(302, { location: '/members', 'set-cookie': 'sid=form-session; Path=/' })
              .end();
          case '/members':
            return void json({ in: request.headers.cookie === 'sid=form-session' });
          case '/metrics':
            return void response.end(
              '# HELP x\n# TYPE requests_total counter\nrequests_total{code="200",path="/a\\"b"} 10\nrequests_total{code="500"} 2\nup 1\n',
            );
          case '/flaky':
            tries += 1;
            return void json({}, tries < 3 ? 503 : 200);
          case '/echo':
            return void json({
              method: request.method,
              query: url.search,
              body: text,
              type: request.headers['content-type'],
              host: request.headers.host,
            });
          case '/none':
            return void json({ token: null, session: 12345 });
          case '/error':
            return void response.writeHead(500).end('<b>::error::boom & "quotes"</b>');
          default:
            return void json({ path: url.pathname }, url.pathname.startsWith('/missing') ? 404 : 200);
        }
      });
    });
  });

  hooks.afterEach(() => app.close());
  hooks.afterAll(() => reach.close());

  async function run(
    values: Record<string, string>,
    files: Record<string, string> = {},
    exec?: World['exec'],
  ): Promise<Run> {
    const log = memoryLog();
    const secrets = redactor();
    let summary = '';
    const annotations: unknown[][] = [];
    const written: Record<string, string> = {};
    const inputs = parseFields(fields, {
      input: (name) => ({ 'base-url': app.url, ...values })[name] ?? '',
    }) as SmokeInputs;
    const ports = {
      log,
      clock: systemClock,
      redactor: secrets,
      signal: new AbortController().signal,
      addSecret: (value: string) => secrets.add(value),
      summary: (text: string) => (summary += secrets.redact(text)),
      annotate: (...args: unknown[]) => annotations.push(args),
    } as unknown as Ports;
    const world: World = {
      reach: async () => reach,
      exec: exec ?? (async () => ({ exitCode: 0, output: '' })),
      readFile: (path) => {
        if (!(path in files)) throw new Failure('input', `${path} cannot be read`);
        return Buffer.from(files[path]!);
      },
      writeFile: (path, name, text) => {
        written[name] = text;
        return path ?? `/${name}`;
      },
    };
    let outputs: SmokeOutputs | undefined;
    let failure: Failure | undefined;
    try {
      outputs = await smokeRun(inputs, ports, world);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failure = error;
      const messages = annotations.map(([, message]) => ({ message: String(message) }));
      mustBeWellTold({ log, annotations: messages }, error);
      outputs = error.outputs as SmokeOutputs | undefined;
    }
    return {
      outputs: outputs!,
      report: JSON.parse(written['report.json'] ?? '{}') as Report,
      failure,
      summary,
      log: log.lines.map((line) => secrets.redact(line)).join('\n'),
      junit: written['junit.xml'] ?? '',
      annotations,
    };
  }

  return { app: () => app, seen, authorizations, run };
}
