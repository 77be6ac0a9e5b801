import { createHash } from 'node:crypto';
import { type ReleaseTree, programsOf } from './release-tree.ts';
import { SBOM_FILE } from './sbom.ts';

/** GitHub takes so many subjects in one attestation, and refuses more. */
const MOST_SUBJECTS = 1024;

/** What the release workflow has attested for a release tree. */
export interface Attestations {
  /** Those of the provenance: every file of the tree, as `sha256sum` writes them. */
  subjects: string[];
  /** For each action how many packages of others its SBOM names. */
  packages: Map<string, number>;
  /** What would be refused. */
  problems: string[];
}

/** What would be attested of a release tree: the provenance of every file, and an SBOM for each bundle. */
export function attestationsOf(tree: ReleaseTree): Attestations {
  const problems: string[] = [];
  const subjects = [...tree]
    .map(([path, content]) => `${createHash('sha256').update(content).digest('hex')}  ${path}`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  if (subjects.length > MOST_SUBJECTS)
    problems.push(`the release has ${subjects.length} files, and one attestation takes ${MOST_SUBJECTS}`);
  const packages = new Map<string, number>();
  for (const name of programsOf(tree)) {
    const sbom = tree.get(`dist/${name}/${SBOM_FILE}`);
    if (sbom === undefined) problems.push(`dist/${name} has no ${SBOM_FILE}: run \`npm run build\``);
    else packages.set(name, (JSON.parse(sbom.toString()) as { components: unknown[] }).components.length);
  }
  return { subjects, packages, problems };
}

/** The same as lines for a person. */
export function describeAttestations({ subjects, packages }: Attestations): string[] {
  const all = createHash('sha256')
    .update(`${subjects.join('\n')}\n`)
    .digest('hex');
  return [
    `to be attested: the provenance of ${subjects.length} files (sha256 of their sha256sum: ${all})`,
    ...[...packages].map(([name, count]) => `to be attested: ${name}, an SBOM of ${count} packages`),
  ];
}
