import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sentText } from '@deploy-actions/host/sent-text';
import ts from 'typescript';

/** The sources, TypeScript and sh, that bundles are made of: none of tests, nor of what only builds and tests use. */
export function shippedSources(root: string): string[] {
  return execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'packages', 'actions'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => /^(?:packages|actions)\/[a-z-]+\/src\/.*\.(?:ts|sh)$/.test(file))
    .filter((file) => !/\.test\.ts$|\/testing\/|\/fixtures\/|^packages\/(?:lab|tooling)\//.test(file))
    .filter((file) => existsSync(join(root, file)));
}

/** A source without its comments. */
export function sourceCode(root: string, file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  if (file.endsWith('.sh')) return sentText(text);
  return ts.transpileModule(text, {
    compilerOptions: { removeComments: true, target: ts.ScriptTarget.ESNext, verbatimModuleSyntax: true },
  }).outputText;
}
