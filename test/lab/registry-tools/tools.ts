import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Engine, Lab, Registry } from '@deploy-actions/lab';

/** skopeo, oras and cosign, each in a container of its own on this machine's network, at work in one folder. */
export interface RegistryTools {
  /** The folder that they see as /images. */
  folder: string;
  /** Runs one of them; rejects when it fails. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
}

/** Builds the tools' image unless this engine has it (a minute, once). */
export async function openRegistryTools(lab: Lab): Promise<RegistryTools> {
  const context = import.meta.dirname;
  const hash = createHash('sha256')
    .update(readFileSync(join(context, 'Dockerfile')))
    .digest('hex')
    .slice(0, 12);
  const image = `deploy-actions-lab-tools:${hash}`;
  const { engine } = lab;
  if ((await engine.tryDocker(['image', 'inspect', image])).code !== 0) await build(engine, image, context);
  const folder = join(lab.folder, 'registry-tools');
  mkdirSync(folder, { recursive: true });
  return {
    folder,
    run: (args, env = {}) =>
      engine.docker(
        [
          ...['run', '--rm', '--network', 'host', '--volume', `${folder}:/images`, '--workdir', '/images'],
          ...Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
          image,
          ...args,
        ],
        { timeoutMs: 120_000 },
      ),
  };
}

async function build(engine: Engine, image: string, context: string): Promise<void> {
  await engine.docker(['build', '--network', 'host', '--tag', image, context], { timeoutMs: 600_000 });
}

export interface MadeImage {
  platform?: { os: string; architecture: string; variant?: string };
  labels?: Record<string, string>;
  created?: string;
  /** Size of a layer of random bytes; default a few bytes. */
  ballast?: number;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const UNKNOWN = { os: 'unknown', architecture: 'unknown' };

/**
 * Writes an OCI layout `name` into the folder, as a build writes one: of a single image, or an index of several,
 * with BuildKit's attestation manifests beside them when `attested`. Answers the digest that a push must keep.
 */
export function makeLayout(
  folder: string,
  name: string,
  images: readonly MadeImage[],
  attested = false,
): string {
  const layout = join(folder, name);
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const blob = (bytes: Buffer | string, mediaType: string): Descriptor => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(bytes) };
  };
  const json = (value: object, mediaType: string) => blob(JSON.stringify(value), mediaType);
  const made = images.map(
    ({ platform = { os: 'linux', architecture: 'amd64' }, labels = {}, created, ballast = 8 }) => {
      const archive = tarOf(randomBytes(ballast));
      const config = json(
        {
          created: created ?? new Date().toISOString(),
          ...platform,
          config: { Labels: labels, Cmd: ['/ballast'] },
          rootfs: {
            type: 'layers',
            diff_ids: [`sha256:${createHash('sha256').update(archive).digest('hex')}`],
          },
          history: [{ created_by: 'a test' }],
        },
        'application/vnd.oci.image.config.v1+json',
      );
      const layer = blob(gzipSync(archive, { level: 0 }), 'application/vnd.oci.image.layer.v1.tar+gzip');
      return {
        platform,
        manifest: json({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }, MANIFEST),
      };
    },
  );
  const attestations = attested
    ? made.map(({ manifest }) => {
        const layer = json({ _type: 'https://in-toto.io/Statement/v0.1' }, 'application/vnd.in-toto+json');
        const config = json(
          { ...UNKNOWN, rootfs: { type: 'layers', diff_ids: [layer.digest] } },
          'application/vnd.oci.image.config.v1+json',
        );
        return {
          ...json({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }, MANIFEST),
          platform: UNKNOWN,
          annotations: {
            'vnd.docker.reference.type': 'attestation-manifest',
            'vnd.docker.reference.digest': manifest.digest,
          },
        };
      })
    : [];
  const top =
    made.length === 1 && !attested
      ? made[0]!.manifest
      : json(
          {
            schemaVersion: 2,
            mediaType: INDEX,
            manifests: [
              ...made.map(({ manifest, platform }) => ({ ...manifest, platform })),
              ...attestations,
            ],
          },
          INDEX,
        );
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [top] }),
  );
  return top.digest;
}

/** Pushes a layout with skopeo, byte for byte unless another format is asked for. */
export async function pushLayout(
  tools: RegistryTools,
  registry: Registry,
  name: string,
  to: string,
  format?: 'v2s2',
): Promise<void> {
  const { username, password } = registry.admin;
  await tools.run([
    ...[
      'skopeo',
      '--insecure-policy',
      'copy',
      '--quiet',
      '--dest-tls-verify=false',
      '--dest-creds',
      `${username}:${password}`,
    ],
    ...(format ? ['--format', format] : ['--all', '--preserve-digests']),
    `oci:/images/${name}`,
    `docker://${registry.image(to)}`,
  ]);
}

/** An archive of one file `ballast` (POSIX ustar). */
export function tarOf(content: Buffer): Buffer {
  const head = Buffer.alloc(512);
  const fields: [text: string, at: number][] = [
    ['ballast', 0],
    ['0000644\0', 100],
    ['0000000\0', 108],
    ['0000000\0', 116],
    [`${content.length.toString(8).padStart(11, '0')}\0`, 124],
    ['00000000000\0', 136],
    ['        0', 148],
    ['ustar\x0000', 257],
  ];
  for (const [text, at] of fields) head.write(text, at);
  head.write(
    `${head
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([head, content, Buffer.alloc(((512 - (content.length % 512)) % 512) + 1024)]);
}
