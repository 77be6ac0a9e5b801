import { errors, type RegistryCase, challenged, on } from './registry-case.ts';
import type { StubAnswer } from '../registry-stub.ts';

const JOB = 'ghs_token_1234567';
const OWN = 'ghp_token_1234567';

/** What GHCR has been seen to answer to the token request or the manifest request, to whom, and what it is called here. */
const ANSWERS: [
  name: string,
  where: 'token' | 'manifest',
  token: string,
  answer: StubAnswer,
  verdict: RegistryCase['verdict'],
  remedy: RegExp,
][] = [
  [
    'nobody asks for a private package',
    'token',
    '',
    errors(401, 'UNAUTHORIZED', 'authentication required'),
    'credentials-missing',
    /packages: read/,
  ],
  ['a stale token', 'token', JOB, errors(403, 'DENIED', 'denied'), 'credentials-rejected', /packages: read/],
  [
    'a token without packages: read',
    'manifest',
    JOB,
    errors(403, 'DENIED', 'permission_denied: read_package'),
    'access-denied',
    /packages: read/,
  ],
  [
    'a package that does not admit the repository',
    'manifest',
    JOB,
    errors(403, 'DENIED', 'installation not allowed to Read organization package'),
    'access-not-granted',
    /Manage Actions access/,
  ],
  [
    'a personal token with other scopes',
    'token',
    OWN,
    errors(403, 'DENIED', 'permission_denied: The token provided does not match expected scopes.'),
    'token-scope',
    /read:packages/,
  ],
  [
    'an organization with single sign-on',
    'manifest',
    OWN,
    errors(
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
    JOB,
    errors(
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
    JOB,
    errors(429, 'TOOMANYREQUESTS', 'retry-after: 2h0m0s, allowed: 44000/minute'),
    'rate-limited',
    /again in 2 h 00 m/,
  ],
  [
    'a page of GitHub instead of an answer',
    'manifest',
    JOB,
    {
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<!DOCTYPE html><html><h1>This page is taking too long to load.</h1></html>',
    },
    'registry-down',
    /run it again/,
  ],
  [
    'an index that is not accepted',
    'manifest',
    JOB,
    errors(404, 'MANIFEST_UNKNOWN', 'OCI index found, but Accept header does not support OCI indexes'),
    'index-not-accepted',
    /Accept header/,
  ],
  [
    'a package that does not exist',
    'manifest',
    JOB,
    errors(404, 'NAME_UNKNOWN', 'repository name not known to registry'),
    'image-absent',
    /spelling/,
  ],
  [
    'a tag that does not exist',
    'manifest',
    JOB,
    errors(404, 'MANIFEST_UNKNOWN', 'manifest unknown'),
    'tag-absent',
    /pushed it before/,
  ],
];

export const GHCR: RegistryCase[] = ANSWERS.map(([name, where, token, answer, verdict, remedy]) => ({
  name,
  serve({ registry }) {
    on(registry, '/v2/', ({ headers }) =>
      where === 'token' || headers['authorization'] === undefined
        ? challenged(
            `Bearer realm="http://${registry.host}/token",service="ghcr.io",scope="repository:user/image:pull"`,
          )
        : answer,
    );
    on(registry, '/token', where === 'token' ? answer : { status: 200, body: '{"access_token":"a-token"}' });
    // The tags can be listed, except of a package that does not exist.
    if (verdict !== 'image-absent') on(registry, '/tags/', { status: 200, body: '{"tags":["1.4.1"]}' });
  },
  ghcr: { token },
  verdict,
  says: /acme\/shop/,
  remedy,
  skopeo: verdict === 'rate-limited' ? 'waits' : 'refused',
}));
