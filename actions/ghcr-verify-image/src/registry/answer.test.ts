import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Answer, classify, errorsOf, parseGoDuration, retryDelay } from './answer.ts';
import { type StubAnswer, type StubRegistry, startRegistry } from '../testing/registry-stub.ts';
import { codes, leadTo, runVerify } from '../testing/verify-fixture.ts';

let registry: StubRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

const error = (
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): StubAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ errors: [{ code, message }] }),
});
const UNICORN = '<!DOCTYPE html><html><body><h1>This page is taking too long to load.</h1></body></html>';

/** What GHCR has been seen to answer, where, to whom, and what it is called here. */
const ANSWERS: [
  name: string,
  where: 'token' | 'manifest',
  token: string,
  answer: StubAnswer,
  code: string,
  remedy: RegExp,
][] = [
  [
    'nobody asks for a private package',
    'token',
    '',
    error(401, 'UNAUTHORIZED', 'authentication required'),
    'credentials-missing',
    /packages: read/,
  ],
  [
    'a stale token',
    'token',
    'ghs_stale_token_123',
    error(403, 'DENIED', 'denied'),
    'credentials-rejected',
    /packages: read/,
  ],
  [
    'a token without packages: read',
    'manifest',
    'ghs_token_1234567',
    error(403, 'DENIED', 'permission_denied: read_package'),
    'access-denied',
    /packages: read/,
  ],
  [
    'a package that does not admit the repository',
    'manifest',
    'ghs_token_1234567',
    error(403, 'DENIED', 'installation not allowed to Read organization package'),
    'access-not-granted',
    /Manage Actions access/,
  ],
  [
    'a personal token with other scopes',
    'token',
    'ghp_token_1234567',
    error(403, 'DENIED', 'permission_denied: The token provided does not match expected scopes.'),
    'token-scope',
    /read:packages/,
  ],
  [
    'an organization with single sign-on',
    'manifest',
    'ghp_token_1234567',
    error(
      403,
      'DENIED',
      'Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.',
    ),
    'sso-required',
    /Configure SSO/,
  ],
  [
    'an organization with an IP allow list',
    'manifest',
    'ghs_token_1234567',
    error(
      403,
      'DENIED',
      'Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled',
    ),
    'address-not-allowed',
    /allow list/,
  ],
  [
    'the rate limit',
    'manifest',
    'ghs_token_1234567',
    error(429, 'TOOMANYREQUESTS', 'retry-after: 2h0m0s, allowed: 44000/minute'),
    'rate-limited',
    /again in 2 h 00 m/,
  ],
  [
    'a page of GitHub instead of an answer',
    'manifest',
    'ghs_token_1234567',
    { status: 502, headers: { 'content-type': 'text/html' }, body: UNICORN },
    'registry-down',
    /run it again/,
  ],
  [
    'an index that is not accepted',
    'manifest',
    'ghs_token_1234567',
    error(404, 'MANIFEST_UNKNOWN', 'OCI index found, but Accept header does not support OCI indexes'),
    'index-not-accepted',
    /Accept header/,
  ],
  [
    'a package that does not exist',
    'manifest',
    'ghs_token_1234567',
    error(404, 'NAME_UNKNOWN', 'repository name not known to registry'),
    'image-absent',
    /spelling/,
  ],
  [
    'a tag that does not exist',
    'manifest',
    'ghs_token_1234567',
    error(404, 'MANIFEST_UNKNOWN', 'manifest unknown'),
    'tag-absent',
    /pushed it before/,
  ],
];

test.each(ANSWERS)(
  "GHCR's answer to %s has a name and a remedy of its own",
  async (_name, where, token, answer, code, remedy) => {
    registry.intercept = ({ url }) => {
      if (url.startsWith('/token')) {
        return where === 'token'
          ? answer
          : { status: 200, headers: {}, body: JSON.stringify({ access_token: 'a-token' }) };
      }
      // The tags can be listed, except of a package that does not exist.
      if (url.includes('/tags/'))
        return code === 'image-absent' ? answer : { status: 200, headers: {}, body: '{"tags":["1.4.1"]}' };
      return where === 'token'
        ? error(401, 'UNAUTHORIZED', 'authentication required', {
            'www-authenticate':
              'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
          })
        : answer;
    };
    const run = await runVerify({
      inputs: { images: 'ghcr.io/acme/shop:1.4.2', 'github-token': token, wait: '0' },
      http: leadTo(registry.host, ['ghcr.io']),
    });
    expect(codes(run)).toEqual([code]);
    expect(run.failure!.remedy).toMatch(remedy);
    expect(run.failure!.message).toContain('acme/shop');
    expect(JSON.stringify(run)).not.toContain(token || 'no token at all');
  },
);

test('the twelve answers have twelve names', () => {
  expect(new Set(ANSWERS.map(([, , , , code]) => code)).size).toBe(12);
});

test('a body that is HTML, empty, cut off or odd has no errors', () => {
  for (const body of [UNICORN, '', '{"errors":[{"co', '[]', 'null', '{"errors":"x"}'])
    expect(errorsOf(Buffer.from(body))).toEqual([]);
  expect(errorsOf(Buffer.from('{"errors":[null,{"code":5}]}'))).toEqual([
    { code: '', message: '' },
    { code: '5', message: '' },
  ]);
});

test("Go's durations are read, rounded up", () => {
  expect(['1.16676ms', '1m30s', '2h0m0s', '500µs', '1.5s', '10ns'].map(parseGoDuration)).toEqual([
    2, 90_000, 7_200_000, 1, 1500, 1,
  ]);
  for (const text of ['', '5', 's', '1x', '1s!']) expect(parseGoDuration(text)).toBeUndefined();
});

test("the header's delay comes before the message's", () => {
  const body = Buffer.from('retry-after: 3s, allowed: 1/minute');
  const now = new Date();
  expect(retryDelay({ status: 429, headers: { 'retry-after': '9' }, body }, now)).toBe(9000);
  expect(retryDelay({ status: 429, headers: {}, body }, now)).toBe(3000);
  expect(retryDelay({ status: 429, headers: {}, body: Buffer.from('busy') }, now)).toBeUndefined();
});

test('every status gives a Problem that names the image and what to do', () => {
  for (const status of [100, 301, 304, 400, 401, 402, 403, 404, 405, 410, 418, 429, 500, 503]) {
    for (const credentials of ['none', 'job-token', 'given'] as const) {
      for (const stage of ['token', 'manifest', 'blob', 'tags', 'referrers'] as const) {
        const answer: Answer = { status, headers: {}, body: Buffer.from(UNICORN) };
        const problem = classify(answer, {
          stage,
          image: 'r.example/a:1',
          registry: 'r.example',
          path: 'a',
          credentials,
          now: new Date(),
        });
        expect(problem.message).toContain('r.example');
        expect(problem.remedy).toMatch(/\.$/);
        expect(problem.message).not.toContain('<');
      }
    }
  }
});
