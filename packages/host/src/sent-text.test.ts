import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { sentText } from './sent-text.ts';

const lines = (...all: string[]) => all.map((line) => `${line}\n`).join('');

test('comments and blank lines are not sent', () => {
  expect(
    sentText(lines('# one', '', 'a() {', '  # two', '  echo "$#" ${x#y} # three', '}', '', '#end')),
  ).toBe(lines('a() {', '  echo "$#" ${x#y}', '}'));
  expect(sentText(lines('if a; then # why', '  b;# c', 'fi'))).toBe(lines('if a; then', '  b;', 'fi'));
});

test.each([
  ['single quotes', "awk '\n  # a comment of awk\n\n  { print }  \n'\n"],
  ['double quotes', 'x="\n# no comment\n\n  it\'s $(echo "# this \\" neither") ${y:-it\'s}   \n"\n'],
  ['a here-document', 'cat <<END\n# no comment\n\n  $x  \nEND\necho\n'],
  ['a quoted here-document', "cat <<'END' | sort\n# it's \"no comment\n\nEND\necho\n"],
  ['an indented here-document', 'f() {\n\tcat <<-END\n\t# no comment\n\n\tEND\n}\n'],
  ['two here-documents', 'cat <<A - <<B\n# a\nA\n# b\nB\n'],
  ['a sum', 'echo $((16 # 2)) $(((1 + 2) << 3))\n'],
  ['a word', 'echo a#b \\# "$x"#c\n'],
  ['an escaped end of the line', 'echo \\\n  b\n'],
])('what looks like a comment stays in %s', (_, text) => {
  expect(sentText(text)).toBe(text);
});

test('comments within a substitution go, in quotes too', () => {
  expect(sentText('x="$(\n  # why\n\n  echo a # b\n)  "\n')).toBe('x="$(\n  echo a\n)  "\n');
});

test('the last line is whole', () => {
  expect(sentText('a')).toBe('a\n');
  expect(sentText('a # why')).toBe('a\n');
});

test('a comment may be kept', () => {
  const text = lines('# why', '# shellcheck disable=SC2086 # words', 'a $b');
  expect(sentText(text, (comment) => comment.startsWith('# shellcheck'))).toBe(
    lines('# shellcheck disable=SC2086 # words', 'a $b'),
  );
});

test('what does not end is refused, and backquotes are', () => {
  for (const text of ["echo 'a\n", 'echo "a\n', 'echo $(a\n', 'echo ${a\n', 'cat <<A\na\n']) {
    expect(() => sentText(text)).toThrow(/^line \d+ of the part: /);
  }
  expect(() => sentText('a\necho `id`\n')).toThrow(/^line 2 of the part: write/);
});

test('what is sent does what was written', () => {
  const text = lines(
    'f() {',
    '  # says',
    '  cat <<A',
    '# of the text $(echo "x # y" # a comment',
    '  )',
    '',
    'A',
    '}',
    'f # why',
    "printf '%s|' 'a",
    '# b',
    "'",
  );
  const run = (script: string) => spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  expect(run(sentText(text))).toMatchObject({ stdout: run(text).stdout, stderr: '' });
});
