// For tests: runs the policy with a fake clock against a stub registry, and tells what came of it.
import { type Http, openHttp } from '@deploy-actions/http';
import { type Failure, parseFields, redactor, systemClock } from '@deploy-actions/kit';
import { fakeClock, memoryLog } from '@deploy-actions/kit/testing';
import { fields } from '../fields.ts';
import { type VerifyPorts, verifyImages } from '../ghcr-verify-image.ts';

export interface Run {
  outputs: Record<string, unknown>;
  failure: Failure | undefined;
  log: string[];
  summary: string;
  /** What the report file holds. */
  file: {
    ok: boolean;
    images: {
      names: string[];
      digest?: string;
      requests: number;
      bytes: number;
      attestedBy?: { name: string };
      problem?: { code: string; message: string; remedy?: string };
      promotion?: { state: string; before?: string | null; digest: string };
      platforms?: { platform?: string; compressedBytes?: number; labels?: Record<string, string> }[];
    }[];
  };
  sleeps: number[];
}

export interface RunOptions {
  inputs: Record<string, string>;
  workflow?: Partial<VerifyPorts['workflow']>;
  /** Wraps the HTTP client, such as to lead `ghcr.io` to a stub. */
  http?: (real: Http, clock: ReturnType<typeof fakeClock>) => Http;
  readText?: VerifyPorts['readText'];
  signal?: AbortSignal;
  now?: number;
  /** With a clock that really runs. */
  realTime?: boolean;
  tellEvery?: number;
}

/** The current time of the tests' fake clock. */
export const NOW = Date.UTC(2026, 10, 21, 12);

export async function runVerify({
  inputs,
  workflow = {},
  http = (real) => real,
  readText,
  signal,
  now = NOW,
  realTime = false,
  tellEvery,
}: RunOptions): Promise<Run> {
  const clock = fakeClock(now);
  const log = memoryLog();
  const secrets = redactor();
  const real = openHttp({ redactor: secrets });
  const run: Run = {
    outputs: {},
    failure: undefined,
    log: log.lines,
    summary: '',
    file: { ok: false, images: [] },
    sleeps: clock.sleeps,
  };
  const names = new Set(Object.keys(fields));
  for (const name of Object.keys(inputs)) if (!names.has(name)) throw new Error(`there is no input ${name}`);
  try {
    const parsed = parseFields(fields, {
      input: (name) => inputs[name] ?? '',
      onSecret: secrets.add,
    });
    run.outputs = await verifyImages(parsed, {
      log,
      clock: realTime ? systemClock : clock,
      redactor: secrets,
      signal: signal ?? new AbortController().signal,
      summary: (markdown) => (run.summary += `${markdown}\n`),
      workflow: {
        repository: 'acme/shop',
        actor: 'octocat',
        serverUrl: 'https://github.com',
        apiUrl: 'http://127.0.0.1:9',
        ...workflow,
      } as VerifyPorts['workflow'],
      http: http(real, clock),
      readText: readText ?? (() => Promise.reject(new Error('no file'))),
      writeReport(json) {
        run.file = JSON.parse(json) as Run['file'];
        return '/tmp/report.json';
      },
      random: () => 0.5,
      tellEvery,
    });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'Failure') throw error;
    run.failure = error as Failure;
    run.outputs = run.failure.outputs ?? {};
  } finally {
    await real.close();
  }
  return run;
}

/** The codes of the problems, in the order of the images. */
export function codes({ file }: Run): (string | undefined)[] {
  return file.images.map(({ problem }) => problem?.code);
}

/** Leads requests for some hosts, such as `ghcr.io`, to a stub at `host`, and notes where they were meant to go. */
export function leadTo(host: string, names: readonly string[], asked: string[] = []): (real: Http) => Http {
  return (real) => ({
    close: () => real.close(),
    async request(request) {
      const url = new URL(request.url);
      asked.push(`${request.method ?? 'GET'} ${url.href}`);
      if (!names.includes(url.host)) return await real.request(request);
      const answer = await real.request({ ...request, url: `http://${host}${url.pathname}${url.search}` });
      const from = new URL(answer.url);
      return from.host === host ? { ...answer, url: url.origin + from.pathname + from.search } : answer;
    },
  });
}
