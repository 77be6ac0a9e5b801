import { expect } from '@jest/globals';
import { type StubRegistry, putBuild } from '../registry-stub.ts';
import { LABELS, type RegistryCase, type Stubs, challenged, on } from './registry-case.ts';

/** A registry with a password that sends whoever has logged in elsewhere, for this part of what it holds. */
function sendsOn({ registry, store }: Stubs, part: string, hops = 1): void {
  putBuild(registry, 'acme/shop', '1', LABELS);
  registry.admit = (user) => user === 'me:the-password';
  on(registry, part, ({ url, headers }) =>
    headers['authorization']
      ? { status: 307, headers: { location: `http://${store.host}/${hops === 2 ? 'first' : 'last'}${url}` } }
      : undefined,
  );
  if (hops === 2)
    on(store, '/first', ({ url }) => ({
      status: 302,
      headers: { location: url.replace('/first', '/last') },
    }));
}

/** Lets the other origin ask for a password, with a token service of its own. */
function thief({ store }: Stubs, ...challenges: string[]): void {
  on(store, '/last', challenged(...challenges.map((one) => one.replace('{store}', store.host))));
  on(store, '/token', { status: 200, body: '{"token":"of-the-thief"}' });
}

/** The same image at the other origin, which asks for nothing. */
function copied(store: StubRegistry): void {
  putBuild(store, 'acme/shop', '1', LABELS);
  on(store, '/last', ({ url }) => ({ status: 302, headers: { location: url.replace('/last', '') } }));
}

const ELSEWHERE = 'Bearer realm="http://{store}/token",service="x"';
const untold =
  (parts: number) =>
  (_run: unknown, { store }: Stubs) => {
    expect(store.requests).toHaveLength(parts);
  };

export const REDIRECTS: RegistryCase[] = [
  {
    name: 'a blob at another origin',
    serve(stubs) {
      sendsOn(stubs, '/blobs/');
      copied(stubs.store);
    },
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'a manifest at another origin',
    serve(stubs) {
      sendsOn(stubs, '/manifests/');
      copied(stubs.store);
    },
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'a blob at another origin, which asks with Bearer',
    serve(stubs) {
      sendsOn(stubs, '/blobs/');
      thief(stubs, ELSEWHERE);
    },
    password: true,
    verdict: 'storage-refused',
    says: /sends the blob request on to http/,
    holds: untold(1),
    skopeo: 'refused',
  },
  {
    name: 'a blob at another origin, which asks with Basic',
    serve(stubs) {
      sendsOn(stubs, '/blobs/');
      thief(stubs, 'Basic realm="x"');
    },
    password: true,
    verdict: 'storage-refused',
    holds: untold(1),
    skopeo: 'refused',
  },
  {
    name: 'a blob by two redirects, to who asks with both',
    serve(stubs) {
      sendsOn(stubs, '/blobs/', 2);
      thief(stubs, `${ELSEWHERE}, Basic realm="x"`);
    },
    password: true,
    verdict: 'storage-refused',
    holds: untold(2),
    skopeo: 'refused',
  },
  {
    name: 'a manifest at another origin, which asks with Bearer',
    serve(stubs) {
      sendsOn(stubs, '/manifests/');
      thief(stubs, ELSEWHERE);
    },
    password: true,
    verdict: 'storage-refused',
    says: /sends the manifest request on to http/,
    holds: untold(1),
    skopeo: 'refused',
  },
  {
    name: 'a manifest by two redirects, to who asks with Basic',
    serve(stubs) {
      sendsOn(stubs, '/manifests/', 2);
      thief(stubs, 'Basic realm="x"');
    },
    password: true,
    verdict: 'storage-refused',
    holds: untold(2),
    skopeo: 'refused',
  },
  {
    name: 'another origin that says 403',
    serve(stubs) {
      sendsOn(stubs, '/blobs/');
      on(stubs.store, '/last', { status: 403, body: '<Error>AccessDenied</Error>' });
    },
    password: true,
    verdict: 'storage-refused',
    skopeo: 'refused',
  },
  {
    name: 'another path of the same origin',
    serve({ registry }) {
      putBuild(registry, 'acme/shop', '1', LABELS);
      registry.admit = (user) => user === 'me:the-password';
      on(registry, '/blobs/', ({ url, headers }) =>
        headers['authorization'] && !url.endsWith('?here')
          ? { status: 307, headers: { location: `${url}?here` } }
          : undefined,
      );
    },
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'a user and password in the Location',
    serve(stubs) {
      sendsOn(stubs, '/blobs/');
      copied(stubs.store);
      on(stubs.registry, '/blobs/', ({ url, headers }) =>
        headers['authorization']
          ? { status: 307, headers: { location: `http://other:word@${stubs.store.host}/last${url}` } }
          : undefined,
      );
    },
    password: true,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'redirects in a circle',
    serve: ({ registry }) =>
      on(registry, '/manifests/', ({ url }) => ({ status: 302, headers: { location: url } })),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'a redirect to another scheme',
    serve: ({ registry }) =>
      on(registry, '/manifests/', { status: 302, headers: { location: 'file:///etc/passwd' } }),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'a redirect without a Location',
    serve: ({ registry }) => on(registry, '/manifests/', { status: 307 }),
    verdict: 'not-a-registry',
    skopeo: 'refused',
  },
  {
    name: 'a redirect to where nothing listens',
    serve: ({ registry }) =>
      on(registry, '/manifests/', { status: 302, headers: { location: 'http://127.0.0.1:9/x' } }),
    verdict: 'registry-unreachable',
    skopeo: 'refused',
  },
];
