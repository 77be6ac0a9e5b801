import { expect, test } from '@jest/globals';
import { versionProof } from './served-version.ts';

test('the version is asked for where the user says, else where the proxy was proven; else nothing is begun', () => {
  const proxy = { url: 'http://shop.test/', connect: '127.0.0.1:8081' };
  const seen = (one?: typeof proxy) => ({ look: { proxy: one } }) as Parameters<typeof versionProof>[0];
  const asked = { 'version-from': 'json:version', 'verify-url': undefined };
  expect(versionProof(seen(proxy), { ...asked, 'version-from': undefined })).toBeUndefined();
  expect(versionProof(seen(proxy), asked)).toMatchObject(proxy);
  expect(versionProof(seen(), { ...asked, 'verify-url': 'https://shop.test/version' })).toMatchObject({
    url: 'https://shop.test/version',
    connect: '127.0.0.1:443',
  });
  expect(() => versionProof(seen(), asked)).toThrow('nothing says where the version');
  expect(() => versionProof(seen(), { ...asked, 'version-from': 'cookie:x' })).toThrow(
    'input `version-from`',
  );
});
