import { expect, test } from '@jest/globals';
import { openerOf } from './opener.ts';

test('pages open where somebody sits before a display, and nowhere else', () => {
  const desk = { platform: 'linux', env: { DISPLAY: ':0' }, terminal: true } as const;
  expect(openerOf(desk)).toBe('xdg-open');
  expect(openerOf({ ...desk, env: { WAYLAND_DISPLAY: 'wayland-0' } })).toBe('xdg-open');
  expect(openerOf({ ...desk, platform: 'darwin', env: {} })).toBe('open');
  expect(openerOf({ ...desk, env: {} })).toBeUndefined();
  expect(openerOf({ ...desk, terminal: false })).toBeUndefined();
  for (const name of ['CI', 'SSH_CONNECTION'])
    expect(openerOf({ ...desk, env: { DISPLAY: ':0', [name]: 'true' } })).toBeUndefined();
});
