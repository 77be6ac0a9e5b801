import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseChallenge, tokenUrl } from './challenge.ts';

test('the challenges of the registries in use are read', () => {
  expect(
    parseChallenge(
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
    ),
  ).toEqual({
    scheme: 'bearer',
    realm: 'https://ghcr.io/token',
    service: 'ghcr.io',
  });
  expect(
    parseChallenge(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull,push",error="invalid_token"',
    ),
  ).toMatchObject({ service: 'registry.docker.io' });
  expect(
    parseChallenge('Basic realm="https://123.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"'),
  ).toMatchObject({ scheme: 'basic' });
  expect(
    parseChallenge('Basic realm=private, bearer Realm = "https://a/b?x=1" , service = "a \\"quoted\\" b"'),
  ).toEqual({
    scheme: 'bearer',
    realm: 'https://a/b?x=1',
    service: 'a "quoted" b',
  });
  expect(parseChallenge('Bearer realm="https://a/t"')).toMatchObject({ service: undefined });
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
    expect(parseChallenge(value)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (value) => void parseChallenge(value)));
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
