import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** What package-lock.json says of one package. */
interface LockedPackage {
  version: string;
  license?: string;
  /** `sha512-` and base64. */
  integrity?: string;
  link?: boolean;
}

/** What each action's bundle holds of others, in the folder of the bundle. */
export const SBOM_FILE = 'sbom.cdx.json';

/**
 * The third-party packages that files of a bundle come from, as an SBOM by CycloneDX 1.6. The same files and the same
 * package-lock.json give the same bytes: it names no time, and its serial number (which GitHub's attestation wants) is made
 * of its content.
 * @param files absolute paths of the modules in the bundle
 * @throws when a file comes from a package that package-lock.json does not know
 */
export function renderSbom(root: string, action: string, files: readonly string[]): string {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage | undefined>;
  };
  const folders = new Set(files.flatMap((file) => packageFolder(relative(root, file)) ?? []));
  const components = [...folders].sort().map((folder) => {
    const locked = lock.packages[folder];
    if (locked === undefined)
      throw new Error(`package-lock.json knows no ${folder}, which is in the bundle of ${action}`);
    return component(folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length), locked);
  });
  const content = {
    version: 1,
    metadata: { component: { type: 'application', name: action, 'bom-ref': action } },
    components,
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(content))}`;
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber, ...content }, undefined, 2)}\n`;
}

/** The innermost package that a file of the checkout belongs to, as package-lock.json names it; undefined for our own. */
function packageFolder(file: string): string | undefined {
  const path = file.split(sep).join('/');
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

function component(name: string, { version, license, integrity }: LockedPackage): object {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [, hash] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    ...(hash === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }] }),
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  };
}

/** A UUID (version 8, RFC 9562) of a text. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
