import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseChallenges, tokenUrl } from './challenge.ts';

test('the challenges of the registries in use are read', () => {
  expect(
    parseChallenges(
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
    )[0],
  ).toEqual({
    scheme: 'bearer',
    realm: 'https://ghcr.io/token',
    service: 'ghcr.io',
  });
  expect(
    parseChallenges(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push",error="invalid_token"',
    )[0],
  ).toMatchObject({ service: 'registry.docker.io' });
  expect(
    parseChallenges(
      'Basic realm="https://123.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
    )[0],
  ).toMatchObject({ scheme: 'basic' });
  expect(
    parseChallenges(
      'Basic realm=private, bearer Realm = "https://a/b?x=1" , service = "a \\"quoted\\" b"',
    )[0],
  ).toEqual({
    scheme: 'bearer',
    realm: 'https://a/b?x=1',
    service: 'a "quoted" b',
  });
  // Both are kept, Bearer first, and a Bearer that names no realm is none.
  const both = 'Basic realm=private, bearer realm="https://a/b",service=s';
  expect(parseChallenges(both).map(({ scheme }) => scheme)).toEqual(['bearer', 'basic']);
  for (const value of ['Bearer, Basic realm="x"', 'Bearer,Basic', 'Bearer service="s", Basic realm="x"'])
    expect(parseChallenges(value).map(({ scheme }) => scheme)).toEqual(['basic']);
  expect(parseChallenges('Bearer realm="https://a/t"')[0]).toMatchObject({ service: undefined });
});

test('what is no challenge is none', () => {
  for (const value of [
    undefined,
    '',
    'Negotiate',
    'Bearer',
    'Bearer service="x"',
    '"',
    '=',
    'Digest realm="x"',
  ]) {
    expect(parseChallenges(value)).toEqual([]);
  }
  fc.assert(fc.property(fc.string(), (value) => void parseChallenges(value)));
});

test('the address of a token keeps what the realm holds already, and names the scope of this repository', () => {
  const url = tokenUrl(
    {
      scheme: 'bearer',
      realm: 'https://gitlab.example/jwt/auth?account=x',
      service: 'container_registry',
    },
    'acme/shop',
  );
  expect(url.href).toBe(
    'https://gitlab.example/jwt/auth?account=x&service=container_registry&scope=repository%3Aacme%2Fshop%3Apull',
  );
});
