import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Lab, type Registry, openLab } from '@deploy-actions/lab';
import { formatBytes } from '@deploy-actions/kit';
import { runBundle } from '@deploy-actions/tooling';
import { type FaultProxy, startFaultProxy } from '../lab/fault-proxy.ts';
import { type RegistryTools, openRegistryTools, tarOf } from '../lab/registry-tools/tools.ts';

const COUNTS = [1, 10, 100];
/** Size of each image's own layer. A pull costs this much or more; what only asks the registry does not care. */
const LAYER = 2_000_000;
const LABEL = ['org.opencontainers.image.revision', '0123456789abcdef0123456789abcdef01234567'] as const;

interface Contender {
  title: string;
  /** Answers the milliseconds that the work took, without starting containers that only hold the tool. */
  work(images: readonly string[]): Promise<number>;
}

/**
 * ghcr-verify-image against the ways in which workflows find out today whether an image is there: all against the
 * same registry, through the same counting proxy, one after the other. The action's time includes the start of its
 * process.
 */
export async function run(): Promise<void> {
  const lab = await openLab({
    hosts: 0,
    registry: { access: 'plain', seeded: false },
    progress: console.log,
  });
  const proxy = await startFaultProxy(lab.registry.address);
  try {
    const tools = await openRegistryTools(lab);
    const names = Array.from({ length: Math.max(...COUNTS) }, (_, index) => `bench/image-${index}:1`);
    for (const name of names) await push(lab.registry, name);
    const contenders = contendersOf(lab, tools);
    const rows: string[][] = [];
    for (const count of COUNTS) {
      const images = names.slice(0, count).map((name) => `${proxy.host}/${name}`);
      const results = [];
      for (const contender of contenders) results.push(await measure(contender, images, proxy));
      const base = results[0]!;
      for (const { title, requests, bytes, ms } of results) {
        rows.push([
          String(count),
          title,
          String(requests),
          formatBytes(bytes),
          (ms / 1000).toFixed(2),
          `${(bytes / base.bytes).toFixed(1)}x`,
          `${(ms / base.ms).toFixed(2)}x`,
        ]);
      }
    }
    console.log(
      table([['images', 'how', 'requests', 'bytes', 'seconds', 'bytes, ratio', 'time, ratio'], ...rows]),
    );
  } finally {
    await proxy.close();
    await lab.close();
  }
}

function contendersOf(lab: Lab, tools: RegistryTools): Contender[] {
  const verify = async (images: readonly string[], inputs: Record<string, string>) => {
    const lines = images.map((image, index) => `i${index}=${image}`).join('\n');
    const { exitCode, shown, elapsedMs } = await runBundle({
      action: 'ghcr-verify-image',
      inputs: { images: lines, 'github-token': '', ...inputs },
    });
    if (exitCode !== 0) throw new Error(shown);
    return elapsedMs;
  };
  const docker = async (images: readonly string[], args: readonly string[]) => {
    const started = performance.now();
    for (const image of images) await lab.engine.docker([...args, image], { timeoutMs: 120_000 });
    return performance.now() - started;
  };
  return [
    { title: 'verify: digest', work: (images) => verify(images, {}) },
    {
      title: 'verify: platform, label, size, age',
      work: (images) =>
        verify(images, {
          platforms: 'linux/amd64',
          labels: LABEL.join('='),
          'max-size': '1GB',
          'max-age': '1d',
        }),
    },
    {
      title: 'skopeo inspect --no-tags',
      async work(images) {
        const loop =
          's=$(date +%s%N); for i; do skopeo inspect --no-tags --tls-verify=false "docker://$i" >/dev/null || exit 1; done; echo $((($(date +%s%N) - s) / 1000000))';
        return Number(await tools.run(['sh', '-c', loop, 'sh', ...images]));
      },
    },
    {
      title: 'docker manifest inspect',
      work: (images) => docker(images, ['manifest', 'inspect', '--insecure']),
    },
    {
      title: 'docker pull',
      async work(images) {
        const ms = await docker(images, ['pull', '--quiet']);
        await lab.engine.docker(['rmi', '--force', ...images]);
        return ms;
      },
    },
  ];
}

async function measure({ title, work }: Contender, images: readonly string[], proxy: FaultProxy) {
  const bytes = proxy.bytes();
  const requests = proxy.requests.length;
  const ms = await work(images);
  return { title, ms, requests: proxy.requests.length - requests, bytes: proxy.bytes() - bytes };
}

/** A two-platform image with a layer of its own, by the registry's API. */
async function push(registry: Registry, name: string): Promise<void> {
  const [repository, tag] = name.split(':') as [string, string];
  const root = `${registry.url}/v2/${repository}`;
  const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const upload = async (bytes: Buffer, mediaType: string) => {
    const begun = await fetch(`${root}/blobs/uploads/`, { method: 'POST' });
    const target = new URL(begun.headers.get('location')!, registry.url);
    target.searchParams.set('digest', digestOf(bytes));
    await checked(
      fetch(target, {
        method: 'PUT',
        body: new Uint8Array(bytes),
        headers: { 'content-type': 'application/octet-stream' },
      }),
    );
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const put = async (reference: string, manifest: { mediaType: string }) => {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const { mediaType } = manifest;
    const digest = digestOf(bytes);
    await checked(
      fetch(`${root}/manifests/${reference || digest}`, {
        method: 'PUT',
        body: new Uint8Array(bytes),
        headers: { 'content-type': mediaType },
      }),
    );
    return { mediaType, digest, size: bytes.length };
  };
  const archive = tarOf(randomBytes(LAYER));
  const layer = await upload(gzipSync(archive, { level: 0 }), 'application/vnd.oci.image.layer.v1.tar+gzip');
  const entries = [];
  for (const architecture of ['amd64', 'arm64']) {
    const config = await upload(
      Buffer.from(
        JSON.stringify({
          os: 'linux',
          architecture,
          created: new Date().toISOString(),
          config: {
            Labels: Object.fromEntries([LABEL]),
            Env: Array.from({ length: 20 }, (_, index) => `VARIABLE_${index}=value`),
          },
          rootfs: { type: 'layers', diff_ids: [digestOf(archive)] },
        }),
      ),
      'application/vnd.oci.image.config.v1+json',
    );
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config,
      layers: [layer],
    };
    entries.push({ ...(await put('', manifest)), platform: { os: 'linux', architecture } });
  }
  await put(tag, {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    ...{ schemaVersion: 2, manifests: entries },
  });
}

async function checked(answer: Promise<Response>): Promise<void> {
  const { ok, status, url } = await answer;
  if (!ok) throw new Error(`${url}: ${status}`);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
