import { expect, test } from '@jest/globals';
import { readable } from './step.ts';

test('the rehearsal shows what a reader of the run sees, and no command', () => {
  expect(readable('pulling web')).toBe('pulling web');
  expect(readable('::group::Pull')).toBe('▸ Pull');
  expect(readable('::endgroup::')).toBeUndefined();
  expect(readable('::add-mask::geheim')).toBeUndefined();
  expect(readable('::error file=compose.yaml,line=3::bad%0Akey at 100% done')).toBe(
    'error: bad\nkey at 100% done',
  );
  expect(readable('')).toBeUndefined();
});
