import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseYaml } from './action-file.ts';
import { attestationsOf, describeAttestations } from './attestation.ts';
import { writeTree } from './release-tree.ts';
import { findRoot } from './root.ts';

const tree = new Map(
  Object.entries({
    LICENSE: 'MIT',
    'README.md': '# Read me',
    'action-catalog.md': '# Actions',
    'one/action.yml': 'runs: { using: node24, main: ../dist/one/index.js }',
    'dist/one/index.js': 'run()',
    'dist/one/sbom.cdx.json': '{"components":[{},{}]}',
  }).map(([path, text]) => [path, Buffer.from(text)]),
);

/** The commands of the release workflow's step of this name. */
function commandsOf(name: string): string {
  const { jobs } = parseYaml(readFileSync(join(findRoot(), '.github/workflows/release.yml'), 'utf8')) as {
    jobs: Record<string, { steps: { name?: string; run?: string }[] }>;
  };
  const found = Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .find((step) => step.name === name);
  return found!.run!;
}

test('the workflow attests the very files that the dry run tells of', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attestation-'));
  try {
    const release = join(folder, 'release');
    writeTree(tree, release);
    const git = (...args: string[]) => execFileSync('git', args, { cwd: release });
    git('init', '--quiet');
    git('add', '--all');
    execFileSync('bash', ['-ec', commandsOf('Name every file')], {
      cwd: release,
      env: { ...process.env, RUNNER_TEMP: folder },
    });
    const { subjects } = attestationsOf(tree);
    expect(subjects).toHaveLength(6);
    expect(readFileSync(join(folder, 'subjects'), 'utf8').trimEnd().split('\n').sort()).toEqual(
      [...subjects].sort(),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the dry run tells what would be attested', () => {
  const lines = describeAttestations(attestationsOf(tree));
  expect(lines[0]).toMatch(
    /^to be attested: the provenance of 6 files \(sha256 of their sha256sum: [0-9a-f]{64}\)$/,
  );
  expect(lines.slice(1)).toEqual(['to be attested: one, an SBOM of 2 packages']);
});

test('a bundle without its SBOM, and more files than an attestation takes, are told', () => {
  const bare = new Map([...tree].filter(([path]) => !path.endsWith('sbom.cdx.json')));
  expect(attestationsOf(bare).problems).toEqual(['dist/one has no sbom.cdx.json: run `npm run build`']);
  const large = new Map(tree);
  for (let index = 0; index < 1020; index += 1) large.set(`dist/one/${index}.js`, Buffer.from(String(index)));
  expect(attestationsOf(large).problems).toEqual([
    'the release has 1026 files, and one attestation takes 1024',
  ]);
});
