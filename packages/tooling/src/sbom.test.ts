import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { renderSbom } from './sbom.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
  folders.push(folder);
  const packages = {
    'node_modules/yaml': { version: '2.9.1', license: 'ISC', integrity: 'sha512-AAEC' },
    'node_modules/semver': { version: '7.8.6', license: 'ISC' },
    'node_modules/make-dir/node_modules/semver': { version: '6.3.2', license: '(MIT OR ISC)' },
    'node_modules/@actions/core': { version: '3.0.1' },
  };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
  return folder;
}

interface Sbom {
  bomFormat: string;
  specVersion: string;
  serialNumber: string;
  components: { name: string; version: string; purl: string; hashes?: unknown; licenses?: unknown }[];
}

const sbom = (root: string, files: string[]) =>
  JSON.parse(
    renderSbom(
      root,
      'health-wait',
      files.map((file) => join(root, file)),
    ),
  ) as Sbom;

test('an SBOM names each package that a file of the bundle comes from, in the version of that very copy', () => {
  const { components } = sbom(checkout(), [
    'actions/health-wait/src/index.ts',
    'node_modules/yaml/dist/index.js',
    'node_modules/yaml/dist/parse.js',
    'node_modules/make-dir/node_modules/semver/semver.js',
    'node_modules/@actions/core/lib/core.js',
  ]);
  expect(components.map(({ purl }) => purl)).toEqual([
    'pkg:npm/%40actions/core@3.0.1',
    'pkg:npm/semver@6.3.2',
    'pkg:npm/yaml@2.9.1',
  ]);
  expect(components[2]).toMatchObject({
    name: 'yaml',
    hashes: [{ alg: 'SHA-512', content: '000102' }],
    licenses: [{ expression: 'ISC' }],
  });
});

test("an SBOM has what GitHub's attestation looks for, and the same files give the same bytes", () => {
  const root = checkout();
  const one = sbom(root, ['node_modules/yaml/index.js']);
  expect(one).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
  expect(one.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(sbom(root, ['node_modules/yaml/index.js'])).toEqual(one);
  expect(sbom(root, ['node_modules/semver/index.js']).serialNumber).not.toBe(one.serialNumber);
});

test('a package that package-lock.json does not know is told', () => {
  const root = checkout();
  expect(() => sbom(root, ['node_modules/left-pad/index.js'])).toThrow(
    'package-lock.json knows no node_modules/left-pad, which is in the bundle of health-wait',
  );
});
