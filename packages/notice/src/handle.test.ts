import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Handle, destinationKey, formatHandle, parseHandle, seal, unseal } from './handle.ts';

const SECRET = '123456789:token-of-a-bot';

test('a handle comes back as it was made', () => {
  const phase = fc.record({ name: fc.string(), startedAt: fc.nat() }).map((one) => one);
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(phase, { maxLength: 5 }),
      fc.string({ minLength: 1 }),
      (startedAt, phases, id) => {
        const handle: Handle = {
          startedAt,
          phases,
          messages: { [destinationKey(SECRET, 'a')]: { id }, b: { id, sealed: 'x' } },
        };
        expect(parseHandle(formatHandle(handle))).toEqual(handle);
      },
    ),
  );
});

test('a handle holds no destination and no secret, in any form', () => {
  const chat = '-1001234567890';
  const handle = formatHandle({
    startedAt: 1,
    phases: [],
    messages: { [destinationKey(SECRET, chat)]: { id: '7', sealed: seal(SECRET, 'C0DEPLOYS01') } },
  });
  const inside = Buffer.from(handle.slice('notice1.'.length), 'base64url').toString();
  for (const text of [handle, inside]) {
    for (const secret of [chat, SECRET, 'C0DEPLOYS01', Buffer.from(chat).toString('base64').slice(0, 12)])
      expect(text).not.toContain(secret);
  }
});

test('what is sealed opens with the same secret alone, and not when it was changed', () => {
  const sealed = seal(SECRET, 'C0DEPLOYS01');
  expect(unseal(SECRET, sealed)).toBe('C0DEPLOYS01');
  expect(unseal('another', sealed)).toBeUndefined();
  expect(unseal(SECRET, `A${sealed.slice(1)}`.replace(sealed, 'x'))).toBeUndefined();
  expect(unseal(SECRET, '')).toBeUndefined();
});

test('a text that is no handle is none', () => {
  for (const text of [
    '',
    'x',
    'notice1.',
    'notice1.e30',
    `notice1.${Buffer.from('[]').toString('base64url')}`,
    '1700000000.000100',
  ]) {
    expect(parseHandle(text)).toBeUndefined();
  }
});
