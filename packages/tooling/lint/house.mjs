// The project's own lint rules: the arrows of the design, one importing package per third-party library, file names.
import path from 'node:path';
import { builtinModules } from 'node:module';
import { isTest, noCycle } from './cycle.mjs';

/** The one package that may import each third-party library of shipped code. */
export const OWNERS = {
  '@actions/core': 'runner',
  '@actions/github': 'github',
  'node-ssh': 'shell',
  semver: 'github',
  ssh2: 'shell',
  undici: 'http',
  picomatch: 'workspace',
  yaml: 'document',
  xpath: 'document',
  htmlparser2: 'document',
  saxes: 'document',
  diff: 'traffic',
  '@cfworker/json-schema': 'document',
  '@sigstore/verify': 'sigstore',
  '@sigstore/bundle': 'sigstore',
  '@sigstore/protobuf-specs': 'sigstore',
};

/** Packages that are never shipped: they may use what they need, and nothing that ships may import them. */
const UNSHIPPED = new Set(['lab', 'tooling']);

const ONLY_TESTS = 'What is for tests is imported by tests and src/testing alone.';

/** Where a file stands in the house; undefined outside actions/ and packages/. */
function roomOf(file, cwd) {
  const [kind, name, ...rest] = path.relative(cwd, file).split(path.sep);
  if ((kind !== 'actions' && kind !== 'packages') || rest.length === 0) return undefined;
  const test = /\.test(\.itg)?\.ts$/.test(file) || rest[1] === 'testing';
  return { kind, name, test, folder: path.join(cwd, kind, name) };
}

/** The package part of a module's name: `@scope/name/deep` -> `@scope/name`. */
function packageOf(specifier) {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** What is wrong with this import in this file, as a sentence; undefined when nothing is. */
function complaint(specifier, file, cwd) {
  const room = roomOf(file, cwd);
  if (specifier.startsWith('.')) {
    if (!/\.(ts|mjs|cjs|json)$/.test(specifier))
      return 'A relative import names the file with its extension (.ts).';
    if (room === undefined) return undefined;
    const target = path.resolve(path.dirname(file), specifier);
    if (target.startsWith(room.folder + path.sep))
      return isTest(target) && !room.test ? ONLY_TESTS : undefined;
    if (roomOf(target, cwd)?.kind === 'actions') return 'No action is imported from outside its folder.';
    return room.test
      ? undefined
      : 'Code of another folder is imported by its package name (@deploy-actions/…).';
  }
  if (room === undefined || room.test) return undefined;
  if (specifier.startsWith('node:')) return undefined;
  if (builtinModules.includes(specifier)) return `Write node:${specifier}.`;
  const name = packageOf(specifier);
  if (name.startsWith('@deploy-actions/')) {
    const to = name.slice('@deploy-actions/'.length);
    if (room.kind === 'packages' && room.name === 'kit') return 'kit depends on nothing.';
    if (room.kind === 'packages' && room.name === 'ledger' && to !== 'kit')
      return 'ledger stands below all that use it: it imports kit and nothing else.';
    if (UNSHIPPED.has(to) && !UNSHIPPED.has(room.name))
      return `${to} is never shipped: only tests may import it.`;
    if (specifier.endsWith('/testing') && !UNSHIPPED.has(room.name)) return ONLY_TESTS;
    return undefined;
  }
  if (room.kind === 'packages' && UNSHIPPED.has(room.name)) return undefined;
  const owner = OWNERS[name];
  if (owner === undefined)
    return `${name} has no importing package yet: name one in packages/tooling/lint/house.mjs.`;
  if (room.kind === 'packages' && room.name === owner) return undefined;
  return `Only packages/${owner} imports ${name}.`;
}

const arrows = {
  meta: { type: 'problem', schema: [], messages: { wrong: '{{sentence}}' } },
  create(context) {
    const check = (node) => {
      if (typeof node?.value !== 'string') return;
      const sentence = complaint(node.value, context.filename, context.cwd);
      if (sentence) context.report({ node, messageId: 'wrong', data: { sentence } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
    };
  },
};

const fileName = {
  meta: { type: 'problem', schema: [], messages: { wrong: '{{name}} is not kebab-case.' } },
  create(context) {
    return {
      Program(node) {
        const name = path.basename(context.filename);
        if (/^[a-z\d]+(-[a-z\d]+)*(\.(test|test\.itg|bench|config|d))?\.(ts|mjs|cjs|js)$/.test(name)) return;
        context.report({ node, loc: { line: 1, column: 0 }, messageId: 'wrong', data: { name } });
      },
    };
  },
};

export const house = { rules: { arrows, 'file-name': fileName, 'no-cycle': noCycle } };
