import { expect, test } from '@jest/globals';
import { openLines } from './open-lines.ts';

test('of an evidence that stands open in the log only the rest is told', () => {
  const open = openLines();
  open.take('runs in api: ./migrate up\nmigration 3: starting');
  open.take('still at it');
  open.take('no such column');
  expect(open.untold('migration 3: starting\nno such column')).toBe('');
  expect(open.untold('migration 3: starting\n\nno such column\nstate of api: exited')).toBe(
    'state of api: exited',
  );
});

test('an evidence that was not heard, or in another order, is told whole', () => {
  const open = openLines();
  open.take('b\na');
  expect(open.untold('state of api: exited\nb')).toBe('state of api: exited\nb');
  expect(open.untold('a\nb')).toBe('b');
  expect(openLines().untold('a')).toBe('a');
});
