import { expect } from '@jest/globals';
import { putBuild } from '../registry-stub.ts';
import type { StubAnswer } from '../registry-stub.ts';
import { GOOD, LABELS, type RegistryCase, type Stubs, challenged, on } from './registry-case.ts';

/** A registry whose token service answers so; each answer once, the last one for ever. */
const service =
  (...answers: StubAnswer[]) =>
  ({ registry }: Stubs): void => {
    putBuild(registry, 'acme/shop', '1', LABELS);
    on(registry, '/v2/', ({ headers }) =>
      headers['authorization'] === 'Bearer good'
        ? undefined
        : challenged(`Bearer realm="http://${registry.host}/auth",service="stub"`),
    );
    on(registry, '/auth', (_request, nth) => answers[Math.min(nth, answers.length) - 1]);
  };

const body = (text: string): StubAnswer => ({ status: 200, body: text });
const GIVEN = body('{"token":"good"}');

export const TOKEN_SERVICE: RegistryCase[] = [
  {
    name: '429 for a second, then a token',
    serve: service({ status: 429, headers: { 'retry-after': '1' } }, GIVEN),
    verdict: 'taken',
    skopeo: 'refused',
    because: 'does not ask again',
  },
  {
    name: '429 for an hour',
    serve: service({ status: 429, headers: { 'retry-after': '3600' } }),
    verdict: 'rate-limited',
    remedy: /again in 1 h/,
    skopeo: 'refused',
  },
  {
    name: '503, then a token',
    serve: service({ status: 503 }, GIVEN),
    verdict: 'taken',
    skopeo: 'refused',
    because: 'does not ask again',
  },
  {
    name: '500 for ever',
    serve: service({ status: 500, body: 'oops' }),
    verdict: 'registry-down',
    skopeo: 'refused',
  },
  {
    name: 'HTML with status 200',
    serve: service({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' }),
    verdict: 'malformed',
    says: /answers without a token/,
    skopeo: 'refused',
  },
  {
    name: 'JSON without a token',
    serve: service(body('{"expires_in":60}')),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  { name: 'an empty token', serve: service(body('{"token":""}')), verdict: 'malformed', skopeo: 'refused' },
  { name: 'null', serve: service(body('null')), verdict: 'malformed', skopeo: 'refused' },
  {
    name: 'a token with a line break',
    serve: service(body('{"token":"good\\r\\nX: y"}')),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'a number for a token',
    serve: service(body('{"token":7}')),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: '`access_token` alone',
    serve: service(body('{"access_token":"good"}')),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: '`token` and `access_token`',
    serve: service(body('{"access_token":"other","token":"good"}')),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'a token of a megabyte',
    serve: service(body(`{"token":"${'x'.repeat(2 ** 20)}"}`)),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'a redirect to another origin, which asks for the password',
    serve(stubs) {
      service({ status: 307, headers: { location: `http://${stubs.store.host}/auth` } })(stubs);
      stubs.store.intercept = () => challenged('Basic realm="x"');
    },
    password: true,
    verdict: 'storage-refused',
    says: /sends the token request on to/,
    holds: (_run, { registry }) =>
      expect(registry.requests.some(({ headers }) => headers['authorization'] === GOOD)).toBe(true),
    skopeo: 'refused',
  },
  {
    name: 'a redirect to another origin, which gives a token to everybody',
    serve(stubs) {
      service({ status: 307, headers: { location: `http://${stubs.store.host}/auth` } })(stubs);
      stubs.store.intercept = () => GIVEN;
    },
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'nothing there',
    serve({ registry }) {
      on(registry, '/v2/', challenged('Bearer realm="http://127.0.0.1:9/auth"'));
    },
    verdict: 'registry-unreachable',
    skopeo: 'refused',
  },
  {
    name: 'not a word',
    serve: service({ status: 200, breaks: 'silent' }),
    inputs: { 'request-timeout': '1s' },
    verdict: 'registry-unreachable',
    skopeo: 'waits',
  },
];
