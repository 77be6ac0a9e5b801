import { expect } from '@jest/globals';
import { putBuild } from '../registry-stub.ts';
import { GOOD, LABELS, type RegistryCase, type Stubs, challenged, errors, on } from './registry-case.ts';

/** An image, for whoever sends what is wanted; else these challenges, in which `{registry}` stands for the address. */
function guarded({ registry }: Stubs, wanted: string, ...challenges: string[]): void {
  putBuild(registry, 'acme/shop', '1', LABELS);
  on(registry, '/v2/', ({ headers }) =>
    headers['authorization'] === wanted
      ? undefined
      : challenged(...challenges.map((one) => one.replace('{registry}', registry.host))),
  );
}

const TOKEN = { status: 200, body: '{"token":"good"}' };
const BEARER = 'Bearer realm="http://{registry}/auth",service="stub"';

/** A registry whose token service answers whoever comes. */
const withToken =
  (...challenges: string[]) =>
  (stubs: Stubs): void => {
    guarded(stubs, 'Bearer good', ...challenges);
    on(stubs.registry, '/auth', TOKEN);
  };

export const LOGIN: RegistryCase[] = [
  {
    name: 'asks for nothing',
    serve: ({ registry }) => void putBuild(registry, 'acme/shop', '1', LABELS),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Bearer, and everybody gets a token',
    serve: withToken(BEARER),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Bearer, and the password gets a token',
    serve(stubs) {
      guarded(stubs, 'Bearer good', BEARER);
      on(stubs.registry, '/auth', ({ headers }) =>
        headers['authorization'] === GOOD ? TOKEN : { status: 401 },
      );
    },
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Basic',
    serve: (stubs) => guarded(stubs, GOOD, 'Basic realm="x"'),
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Bearer and Basic in one field',
    serve: withToken(`${BEARER}, Basic realm="x"`),
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Basic and Bearer in one field, nobody’s token is enough',
    serve: withToken(`Basic realm="x", ${BEARER}`),
    verdict: 'taken',
    skopeo: 'refused',
    because: 'takes the first scheme alone',
  },
  {
    name: 'Bearer and Basic in one field, and Basic is what holds',
    serve(stubs) {
      guarded(stubs, GOOD, `${BEARER}, Basic realm="x"`);
      on(stubs.registry, '/auth', { status: 404 });
    },
    password: true,
    verdict: 'taken',
    skopeo: 'refused',
    because: 'takes the first scheme alone',
  },
  {
    name: '`Bearer, Basic`, the first without a realm',
    serve: (stubs) => guarded(stubs, GOOD, 'Bearer, Basic realm="x"'),
    password: true,
    verdict: 'taken',
    skopeo: 'refused',
    because: 'takes the first scheme alone',
  },
  {
    name: 'Bearer and Basic in two fields',
    serve: withToken(BEARER, 'Basic realm="x"'),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'a challenge in capitals, without quotes, with spaces',
    serve: withToken('BEARER Realm = "http://{registry}/auth" , Service=stub'),
    verdict: 'taken',
    skopeo: 'refused',
    because: 'takes no space beside the equals sign',
  },
  {
    name: 'a realm with a query, and no service',
    serve: withToken('Bearer realm="http://{registry}/auth?account=x"'),
    verdict: 'taken',
    holds: (_run, { registry }) =>
      expect(registry.requests.map(({ url }) => url)).toContain(
        '/auth?account=x&scope=repository%3Aacme%2Fshop%3Apull',
      ),
    skopeo: 'taken',
  },
  {
    name: 'a scope that is a placeholder',
    serve({ registry }) {
      putBuild(registry, 'acme/shop', '1', LABELS);
      registry.admit = () => true;
    },
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'a token service elsewhere',
    serve(stubs) {
      guarded(
        stubs,
        'Bearer good',
        `Bearer realm="http://localhost:${stubs.registry.host.split(':')[1]}/auth"`,
      );
      on(stubs.registry, '/auth', ({ headers }) =>
        headers['authorization'] === GOOD ? TOKEN : { status: 401 },
      );
    },
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'the same challenge again, whatever is sent, to nobody',
    serve(stubs) {
      guarded(stubs, 'never', BEARER);
      on(stubs.registry, '/auth', TOKEN);
    },
    verdict: 'credentials-missing',
    skopeo: 'refused',
  },
  {
    name: 'the same challenge again, whatever is sent, with a password',
    serve(stubs) {
      guarded(stubs, 'never', BEARER);
      on(stubs.registry, '/auth', TOKEN);
    },
    password: true,
    verdict: 'access-denied',
    skopeo: 'refused',
  },
  {
    name: 'another challenge each time',
    serve(stubs) {
      guarded(stubs, 'never');
      on(stubs.registry, '/v2/', (_request, nth) =>
        challenged(`Bearer realm="http://${stubs.registry.host}/auth?${nth}"`),
      );
      on(stubs.registry, '/auth', (_request, nth) => ({ status: 200, body: `{"token":"of-${nth}"}` }));
    },
    password: true,
    verdict: 'access-denied',
    skopeo: 'refused',
  },
  {
    name: '401 without a challenge, to nobody',
    serve: ({ registry }) => on(registry, '/v2/', { status: 401 }),
    verdict: 'credentials-missing',
    skopeo: 'refused',
  },
  {
    name: '401 without a challenge, though a password is given',
    serve: ({ registry }) => on(registry, '/v2/', { status: 401 }),
    password: true,
    verdict: 'access-denied',
    says: /without asking for the credentials that were given/,
    skopeo: 'refused',
  },
  {
    name: 'a challenge that is neither Bearer nor Basic',
    serve: (stubs) => guarded(stubs, 'never', 'Negotiate'),
    password: true,
    verdict: 'access-denied',
    skopeo: 'refused',
  },
  {
    name: 'a token service in plain HTTP',
    serve: (stubs) => guarded(stubs, 'never', 'Bearer realm="http://registry.invalid/token"'),
    password: true,
    verdict: 'malformed',
    says: /no https address/,
    skopeo: 'refused',
  },
  {
    name: 'a realm that is a file',
    serve: (stubs) => guarded(stubs, 'never', 'Bearer realm="file:///etc/passwd"'),
    password: true,
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'a token that expires in the middle',
    serve(stubs) {
      let current = 0;
      putBuild(stubs.registry, 'acme/shop', '1', LABELS);
      on(stubs.registry, '/auth', () => ({ status: 200, body: `{"token":"of-${++current}"}` }));
      on(stubs.registry, '/v2/', ({ url, headers }) => {
        if (url.includes('/blobs/') && current === 1) current = 2;
        return headers['authorization'] === `Bearer of-${current}`
          ? undefined
          : challenged(`Bearer realm="http://${stubs.registry.host}/auth"`);
      });
    },
    verdict: 'taken',
    skopeo: 'refused',
    because: 'keeps a token for a minute',
  },
  {
    name: 'a wrong password',
    serve(stubs) {
      guarded(stubs, 'Bearer good', BEARER);
      on(stubs.registry, '/auth', errors(401, 'UNAUTHORIZED', 'authentication required'));
    },
    password: true,
    verdict: 'credentials-rejected',
    skopeo: 'refused',
  },
  {
    name: 'a wrong password, by Basic',
    serve: (stubs) => guarded(stubs, 'Basic another', 'Basic realm="x"'),
    password: true,
    verdict: 'credentials-rejected',
    skopeo: 'refused',
  },
  {
    name: 'a stale password, and the image is public',
    serve(stubs) {
      guarded(stubs, 'Bearer good', BEARER);
      on(stubs.registry, '/auth', ({ headers }) =>
        headers['authorization'] === undefined ? TOKEN : errors(403, 'DENIED', 'denied'),
      );
    },
    password: true,
    verdict: 'taken',
    says: /is public and was read without credentials/,
    skopeo: 'refused',
    because: 'does not try it as nobody',
  },
  {
    name: 'a token without the right to this image',
    serve(stubs) {
      guarded(stubs, 'never', `${BEARER},error="insufficient_scope"`);
      on(stubs.registry, '/auth', ({ headers }) =>
        headers['authorization'] === GOOD ? TOKEN : { status: 401 },
      );
    },
    password: true,
    verdict: 'access-denied',
    skopeo: 'refused',
  },
];
