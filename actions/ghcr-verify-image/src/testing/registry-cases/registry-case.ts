import type { ProblemCode } from '../../problem.ts';
import type { StubAnswer, StubRegistry, StubRequest } from '../registry-stub.ts';
import type { Run } from '../verify-fixture.ts';

/** The registry that is asked, and another origin, which must never get a password. */
export interface Stubs {
  registry: StubRegistry;
  store: StubRegistry;
}

/** One thing that a registry may do, and what is made of it. */
export interface RegistryCase {
  name: string;
  /** Makes the two stubs do it. */
  serve(stubs: Stubs): void;
  /** Default `acme/shop:1`. */
  image?: string;
  /** Beside the image; by default platform linux/amd64 and the label rev=x are wanted, so that all of it is read. */
  inputs?: Record<string, string>;
  /** The password `the-password` of the user `me` is given. */
  password?: boolean;
  /** The image is called by this registry's name and the job's token given, as GHCR is asked. */
  ghcr?: { token: string };
  verdict: 'taken' | ProblemCode;
  /** Whether the list of tags is of use, where the case is about that. */
  list?: 'taken' | 'refused';
  /** What stands in the failure, or in the log of what is taken. */
  says?: RegExp;
  remedy?: RegExp;
  /** Looks at more: what was asked, what was found. */
  holds?(run: Run, stubs: Stubs): void;
  /** What skopeo does with the same; undefined where it has no such question. */
  skopeo?: 'taken' | 'refused' | 'waits';
  /** Why skopeo does otherwise, where one of the two takes what the other refuses. */
  because?: string;
}

export const LABELS = { rev: 'x' };

/** The answer to requests whose path or method and path hold this text; all others are as they were. */
export function on(
  stub: StubRegistry,
  part: string,
  answer: StubAnswer | ((request: StubRequest, nth: number) => StubAnswer | undefined),
): void {
  const before = stub.intercept;
  let count = 0;
  stub.intercept = (request) => {
    if (!`${request.method} ${request.url}`.includes(part)) return before?.(request);
    return typeof answer === 'function' ? answer(request, ++count) : answer;
  };
}

/** An answer with the errors of a registry. */
export function errors(
  status: number,
  code: string,
  message: string,
  headers: StubAnswer['headers'] = {},
): StubAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ errors: [{ code, message }] }),
  };
}

export const GOOD = `Basic ${Buffer.from('me:the-password').toString('base64')}`;

/** A 401 with these challenges. */
export function challenged(...challenges: string[]): StubAnswer {
  return { status: 401, headers: { 'www-authenticate': challenges } };
}
