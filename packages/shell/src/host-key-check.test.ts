import { afterEach, describe, expect, test } from '@jest/globals';
import { type Clock, systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { fingerprintOf } from './host-keys.ts';
import type { Server } from './server.ts';
import { openSshSession } from './ssh-session.ts';
import {
  type FakeSshServer,
  hostEd,
  hostRsa,
  pin,
  publicOf,
  server,
  sshServersForEach,
  userKey,
} from './testing/ssh-server.ts';

const fakeServer = sshServersForEach(afterEach);
const ports = { clock: systemClock as Clock, log: memoryLog() };

describe('host keys', () => {
  test.each([
    ['ed25519', hostEd, 'ssh-ed25519'],
    ['RSA', hostRsa, 'ssh-rsa'],
  ])('a pin of the %s key alone is enough', async (_, key, type) => {
    const fake = await fakeServer();
    const session = await openSshSession(server(fake, pin(fake, key, type)), ports);
    expect(session.counts.connections).toBe(1);
    await session.close();
  });

  test('a fingerprint matches whichever key of the host it is of', async () => {
    const fake = await fakeServer();
    const session = await openSshSession(server(fake, fingerprintOf(publicOf(hostRsa))), ports);
    await session.close();
    expect(fake.authentications).toBeGreaterThan(0);
  });

  test.each([
    ['no pin at all', () => '', 'host-key-unknown', 'input'],
    ['a pin of another host', () => `other ${fingerprintOf(publicOf(hostEd))}`, 'host-key-unknown', 'input'],
    ['a pin of another key', (fake: FakeSshServer) => pin(fake, userKey), 'host-key-mismatch', 'refused'],
    ['a wrong fingerprint', () => `SHA256:${'A'.repeat(43)}`, 'host-key-mismatch', 'refused'],
    [
      'a revoked key',
      (fake: FakeSshServer) => `@revoked ${pin(fake, hostEd)}`,
      'host-key-revoked',
      'refused',
    ],
  ])('%s stops before authentication and shows what was presented', async (_, pins, code, kind) => {
    const fake = await fakeServer();
    const opening = openSshSession(server(fake, pins(fake)), ports);
    await expect(opening).rejects.toMatchObject({
      code,
      kind,
      message: expect.stringContaining(fingerprintOf(publicOf(hostEd))),
    });
    expect(fake.authentications).toBe(0);
    if (code !== 'host-key-revoked') {
      await expect(opening).rejects.toMatchObject({ details: expect.stringContaining(pin(fake, hostEd)) });
    }
  });

  test('a host without any of the pinned types is a mismatch that shows its key', async () => {
    const fake = await fakeServer({ hostKeys: [hostEd] });
    await expect(openSshSession(server(fake, pin(fake, hostRsa, 'ssh-rsa')), ports)).rejects.toMatchObject({
      code: 'host-key-mismatch',
      message: expect.stringContaining(fingerprintOf(publicOf(hostEd))),
    });
    expect(fake.authentications).toBe(0);
  });

  test('there is no session without pins, by type and at run time', async () => {
    const fake = await fakeServer();
    const { hostKeys: _, ...without } = server(fake, pin(fake, hostEd));
    const lookalike = { check: () => ({ verdict: 'pinned', line: 1 }) };
    // @ts-expect-error a server without host keys is no server
    const bare: Server = { ...without };
    // @ts-expect-error what only looks like pins is none
    const posing: Server = { ...without, hostKeys: lookalike };
    for (const one of [bare, posing]) {
      await expect(openSshSession(one, ports)).rejects.toThrow('pinned host keys');
    }
    expect(fake.connections).toHaveLength(0);
  });
});
