import { expect, test } from '@jest/globals';
import { fakeClock } from '@deploy-actions/kit/testing';
import { fakePorts } from '@deploy-actions/runner/testing';
import { openWorld } from './world.ts';

test('a resolver that never answers is given up, and one that answers is believed', async () => {
  const silent = openWorld({ ...fakePorts(), clock: fakeClock() }, () => new Promise(() => undefined));
  await expect(silent.addressesOf('shop.example.org')).rejects.toThrow('DNS has not answered within 10.0 s');
  const known = openWorld(fakePorts(), async () => [
    { address: '192.0.2.1' },
    { address: '2001:db8:0:0:0:0:0:1' },
    { address: '192.0.2.1' },
  ]);
  expect(await known.addressesOf('shop.example.org')).toEqual(['192.0.2.1', '2001:db8::1']);
  await Promise.all([silent.close(), known.close()]);
});
