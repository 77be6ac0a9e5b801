import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FieldError } from '@deploy-actions/kit';
import {
  apiHost,
  formatReference,
  isLoopback,
  manifestName,
  parseReference,
  shortImage,
  withTag,
} from './reference.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

test('references are taken apart as Docker does it', () => {
  const cases: [string, string, string, string | undefined, string | undefined][] = [
    ['nginx', 'docker.io', 'library/nginx', 'latest', undefined],
    ['nginx:1.27-alpine', 'docker.io', 'library/nginx', '1.27-alpine', undefined],
    ['acme/shop', 'docker.io', 'acme/shop', 'latest', undefined],
    ['index.docker.io/acme/shop:1', 'docker.io', 'acme/shop', '1', undefined],
    ['ghcr.io/acme/shop:1.4.2', 'ghcr.io', 'acme/shop', '1.4.2', undefined],
    ['ghcr.io/acme/team/shop', 'ghcr.io', 'acme/team/shop', 'latest', undefined],
    ['localhost/shop:1', 'localhost', 'shop', '1', undefined],
    ['localhost:5000/shop', 'localhost:5000', 'shop', 'latest', undefined],
    ['[::1]:5000/shop:1', '[::1]:5000', 'shop', '1', undefined],
    ['REGISTRY.Example.com/shop:V1', 'registry.example.com', 'shop', 'V1', undefined],
    [`ghcr.io/acme/shop@${DIGEST}`, 'ghcr.io', 'acme/shop', undefined, DIGEST],
    [`ghcr.io/acme/shop:1@${DIGEST}`, 'ghcr.io', 'acme/shop', '1', DIGEST],
    ['ghcr.io/acme/a__b-c--d.e:x', 'ghcr.io', 'acme/a__b-c--d.e', 'x', undefined],
  ];
  for (const [text, registry, path, tag, digest] of cases) {
    expect(withTag(parseReference(text))).toMatchObject({
      registry,
      path,
      repository: `${registry}/${path}`,
      tag,
      digest,
    });
  }
});

test('the name is as it was written, and the tag too', () => {
  for (const name of [
    'nginx',
    'acme/shop',
    'localhost:5000/shop',
    'REGISTRY.example.com/a/b',
    '[::1]:5000/shop',
  ]) {
    expect(parseReference(name)).toMatchObject({ name, tag: undefined });
    expect(parseReference(`${name}:1.4`)).toMatchObject({ name, tag: '1.4' });
    expect(parseReference(`${name}:1.4@${DIGEST}`)).toMatchObject({ name, tag: '1.4', digest: DIGEST });
  }
});

test('what no registry takes is refused, with what would be right', () => {
  const cases: [string, RegExp][] = [
    ['', /not an image reference/],
    ['ghcr.io/Acme/shop', /capital letters/],
    ['https://ghcr.io/acme/shop', /scheme/],
    ['ghcr.io/acme/shop:', /empty tag/],
    ['ghcr.io/acme/shop:-x', /no registry takes/],
    [`ghcr.io/acme/shop:${'x'.repeat(129)}`, /no registry takes/],
    ['ghcr.io/acme/shop@sha256:abc', /64 hexadecimal/],
    [`ghcr.io/acme/shop@${DIGEST}@${DIGEST}`, /more than one @/],
    ['ghcr.io/acme//shop', /not an image reference/],
    ['ghcr.io/acme/sh op', /not an image reference/],
    ['ghcr.io/../shop', /not an image reference/],
    ['ghcr.io/acme/shop:1/../../x', /no registry takes/],
    ['bad_host.example/acme/shop', /registry's host/],
    ['ghcr.io/', /not an image reference/],
    [':v1', /not an image reference/],
  ];
  for (const [text, message] of cases) expect(() => parseReference(text)).toThrow(message);
});

test('a reference is formatted to what it was read from, and nothing in it can leave its place in a URL', () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,2}$/);
  const reference = fc.tuple(
    fc.constantFrom('ghcr.io', 'localhost:5000'),
    fc.array(name, { minLength: 1, maxLength: 3 }),
    fc.stringMatching(/^\w[\w.-]{0,20}$/),
  );
  fc.assert(
    fc.property(reference, ([registry, parts, tag]) => {
      const text = `${registry}/${parts.join('/')}:${tag}`;
      expect(formatReference(parseReference(text))).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      try {
        const reference = parseReference(text);
        const pathname = `/v2/${reference.path}/manifests/${manifestName(reference)}`;
        const url = new URL(`https://${apiHost(reference.registry)}${pathname}`);
        expect(url.pathname).toBe(pathname);
        expect(url.search + url.hash + url.username).toBe('');
      } catch (error) {
        expect(error).toBeInstanceOf(FieldError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('only this machine is loopback', () => {
  for (const host of [
    'localhost',
    'localhost:5000',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]:5000',
    'registry.localhost:5000',
  ]) {
    expect(isLoopback(host)).toBe(true);
  }
  for (const host of [
    'ghcr.io',
    '127.0.0.1.example.com',
    'localhost.example.com',
    '10.0.0.1',
    '128.0.0.1',
    'mylocalhost',
  ]) {
    expect(isLoopback(host)).toBe(false);
  }
});

test('an image is shown by its tag, or by the beginning of its digest or id', () => {
  expect(shortImage('r/api:v1')).toBe('r/api:v1');
  expect(shortImage(`r/api:v1@${DIGEST}`)).toBe('r/api:v1@sha256:abababababab…');
  expect(shortImage(DIGEST)).toBe('sha256:abababababab…');
  expect(shortImage('')).toBe('');
});
