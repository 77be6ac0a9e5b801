import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import ts from 'typescript';
import { findRoot } from './root.ts';
import { shippedSources } from './shipped-sources.ts';

const root = findRoot();
const shipped = shippedSources(root).filter((file) => file.endsWith('.ts'));

/** Where TypeScript may hold sh, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'packages/shell/src/bootstrap.ts':
    'the one line that reads a program, in words that every login shell reads alike',
  'packages/host/src/host-parts.ts': 'the last lines of programs, which are checked with them',
  'packages/host/src/question.ts': 'the last line of a question, which is checked with it',
};

/** What stands in sh, and in no text for people: arguments of a script, tests, ends of its statements, ways of output. */
const SH =
  /[\s=]"\$[1-9@*]"|\$\{[1-9][%#:]|\bcase \$|\besac\b|;\s*(?:then|do|fi|done)\b|\bif \[ |>\s*\/dev\/null|\bcommand -v \w|^\s*set -eu?\b|\bexport [A-Z_]+(?:=|$)|\beval "/m;

/** What makes the texts of scripts, all of them out of `.sh` files that the checks of programs see. */
const TEXTS = new Set(['execScript', 'programText', 'text']);

const HOLDS_SH = 'holds sh';

/** The places of a source that hold sh, or hand over a script that is none of ours. */
function faults(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const found: string[] = [];
  const tell = (node: ts.Node, what: string): void => {
    found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const written = ts.isTemplateExpression(node)
        ? [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join('x')
        : node.text;
      if (SH.test(written)) tell(node, HOLDS_SH);
    }
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'script' && !isText(node.initializer))
      tell(node, 'a script that is no text of parts');
    if (ts.isShorthandPropertyAssignment(node) && node.name.text === 'script')
      tell(node, 'a script that is no text of parts');
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isText(value: ts.Expression): boolean {
  if (!ts.isCallExpression(value)) return false;
  const { expression: callee } = value;
  return TEXTS.has(ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText());
}

const faultsOf = (file: string): string[] => faults(file, readFileSync(join(root, file), 'utf8'));
const isSh = (fault: string): boolean => fault.endsWith(`: ${HOLDS_SH}`);

test('sh stands in .sh files: shipped TypeScript holds none, and every script is the text of parts', () => {
  expect(shipped.length).toBeGreaterThan(250);
  const found = shipped.flatMap((file) =>
    faultsOf(file).filter((fault) => EXCEPTIONS[file] === undefined || !isSh(fault)),
  );
  expect(found).toEqual([]);
});

test('each exception is shipped, and holds the sh that it is excepted for', () => {
  const stale = Object.keys(EXCEPTIONS).filter(
    (file) => !shipped.includes(file) || !faultsOf(file).some(isSh),
  );
  expect(stale).toEqual([]);
});

test.each([
  ['a literal', `run({ script: 'uname' })`],
  ['a template', 'run({ script: `uname ${what}` })'],
  ['two texts put together', 'run({ script: question.text() + more })'],
  ['a constant', 'run({ script: LOOK })'],
  ['a variable of that name', 'run({ script })'],
])('%s as a script is found', (_, text) => {
  expect(faults('one.ts', text)).toEqual(['one.ts:1: a script that is no text of parts']);
});

test.each([
  [`const LOOK = 'readlink "$1/current"; if [ -f "$1" ]; then echo same; fi';`],
  ['const CURL = `command -v curl >/dev/null 2>&1 || exit 127`;'],
  [`const DISCARD = 'case $1 in /*) rm -rf -- "\${1%/files}" ;; esac';`],
  ['const ASK = `[ -z "$1" ] || { DOCKER_HOST=$1; export DOCKER_HOST; }\nif asked "$2"; then echo; fi`;'],
])('sh in a constant is found: %s', (text) => {
  expect(faults('one.ts', text)).toEqual([`one.ts:1: ${HOLDS_SH}`]);
});
