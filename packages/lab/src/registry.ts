import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { startContainer, waitReady } from './container.ts';
import type { Ground } from './container.ts';

export interface RegistryOptions {
  /** `plain`: everybody may do everything. `token`: Bearer tokens, as GHCR has them. */
  readonly access?: 'plain' | 'token';
  /** For `token`: who may log in, and what for. A pattern is a repository, or a prefix with `*` at its end. */
  readonly users?: Readonly<Record<string, RegistryUser>>;
  /** For `token`: what may be pulled without logging in. Default nothing. */
  readonly public?: readonly string[];
  /** How long a token is good for. Default 300. */
  readonly tokenSeconds?: number;
  /** Whether the images of the sample application are in it. Default yes. */
  readonly seeded?: boolean;
}

export interface RegistryUser {
  readonly password: string;
  readonly pull?: readonly string[];
  readonly push?: readonly string[];
}

export interface PublishOptions {
  /** `repository:tag` that exists in this registry and is the base of the new one. */
  readonly from: string;
  /** `repository:tag` of the new image. */
  readonly to: string;
  /** Further tags of the same image, in the repository of `to`. */
  readonly tags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Replaces the image's command. */
  readonly command?: readonly string[];
  /** Adds a layer with a file `/lab-ballast` of so many random bytes: a pull that takes long or fills a disk. */
  readonly ballast?: number;
  readonly created?: Date;
}

/** A CNCF Distribution registry. */
export interface Registry {
  /** `127.0.0.1:PORT`: the same on this machine and inside every host, so a reference means one image everywhere. */
  readonly address: string;
  readonly url: string;
  readonly access: 'plain' | 'token';
  /** A user of the lab's own, who may pull and push everything. With `plain` nobody asks. */
  readonly admin: { readonly username: string; readonly password: string };
  readonly container: string;
  /** A full reference: `image('shop/api:v1')` is `127.0.0.1:PORT/shop/api:v1`. */
  image(name: string): string;
  /** The digest that a tag names. */
  digest(name: string): Promise<string>;
  /** Makes an image from another one, with no engine and in milliseconds; returns its reference by digest. */
  publish(options: PublishOptions): Promise<{ readonly reference: string; readonly digest: string }>;
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** The registry's access log. */
  log(): Promise<string>;
  remove(): Promise<void>;
}

const PORT = 5000;
const TOKEN_PORT = 5001;
const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
].join(', ');

interface Manifest {
  mediaType: string;
  config: { mediaType: string; size: number; digest: string };
  layers: { mediaType: string; size: number; digest: string }[];
}

interface ImageConfig {
  created: string;
  config: { Env: string[]; Labels?: Record<string, string>; Cmd?: readonly string[] };
  rootfs: { diff_ids: string[] };
  history?: { created_by: string; empty_layer?: boolean }[];
}

export async function openRegistry(
  ground: Ground,
  given: {
    readonly name: string;
    /** The folder in the lab's volume. */
    readonly store: string;
    readonly seed: string;
    readonly options: RegistryOptions;
    readonly onRemove: () => void;
  },
): Promise<Registry & { readonly forwards: Readonly<Record<number, string>> }> {
  const { engine } = ground;
  const { name, options } = given;
  const access = options.access ?? 'plain';
  const withTokens = access === 'token';
  // In hexadecimal digits: a password that begins with a hyphen is an option to the programs that it is given to.
  const admin = { username: 'lab', password: randomBytes(12).toString('hex') };
  const { address, tokenAddress, id, forwards } = await start();
  await waitReady(engine, id);
  const url = `http://${address}`;

  async function start() {
    const users = {
      ...options.users,
      [admin.username]: { password: admin.password, pull: ['*'], push: ['*'] },
    };
    const token = { users, public: options.public ?? [], seconds: options.tokenSeconds ?? 300 };
    const started = await startContainer(ground, {
      name,
      ports: withTokens ? [PORT, TOKEN_PORT] : [PORT],
      env: (outside) => ({
        LAB_SERVICES: withTokens ? 'registry,token' : 'registry',
        LAB_STORE: given.store,
        LAB_SEED: options.seeded === false ? '' : given.seed,
        ...(withTokens
          ? {
              LAB_TOKEN: JSON.stringify(token),
              LAB_REALM: `http://127.0.0.1:${outside.get(TOKEN_PORT)}/token`,
            }
          : {}),
      }),
    });
    const outside = (port: number) => started.ports.get(port) as number;
    return {
      id: started.id,
      address: `127.0.0.1:${outside(PORT)}`,
      tokenAddress: withTokens ? `127.0.0.1:${outside(TOKEN_PORT)}` : undefined,
      forwards: Object.fromEntries([...started.ports].map(([inside, port]) => [port, `${name}:${inside}`])),
    };
  }

  async function authorization(repository: string): Promise<Record<string, string>> {
    if (tokenAddress === undefined) return {};
    const basic = Buffer.from(`${admin.username}:${admin.password}`).toString('base64');
    const scope = `repository:${repository}:pull,push`;
    const answer = await fetch(`http://${tokenAddress}/token?service=lab-registry&scope=${scope}`, {
      headers: { authorization: `Basic ${basic}` },
    });
    const { token } = (await answer.json()) as { token: string };
    return { authorization: `Bearer ${token}` };
  }

  async function call(
    repository: string,
    method: string,
    path: string,
    init: { body?: Buffer; type?: string } = {},
  ) {
    const target = path.startsWith('http') ? path : `${url}/v2/${repository}/${path}`;
    const answer = await fetch(target, {
      method,
      headers: {
        ...(await authorization(repository)),
        accept: MANIFEST_TYPES,
        ...(init.type === undefined ? {} : { 'content-type': init.type }),
      },
      ...(init.body === undefined ? {} : { body: new Uint8Array(init.body) }),
    });
    if (!answer.ok) throw new Error(`registry: ${method} ${target}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async function upload(repository: string, bytes: Buffer): Promise<string> {
    const digest = sha256(bytes);
    const begun = await call(repository, 'POST', 'blobs/uploads/');
    const location = new URL(begun.headers.get('location') as string, url);
    location.searchParams.set('digest', digest);
    await call(repository, 'PUT', location.href, { body: bytes, type: 'application/octet-stream' });
    return digest;
  }

  /** The last that was begun in each repository. */
  const pushes = new Map<string, Promise<unknown>>();

  /**
   * One push to a repository at a time. The registry writes the link of a layer anew for each push, and empties it first: a
   * manifest that another push sends just then is refused, since its layer is unknown.
   */
  function alone<T>(repository: string, push: () => Promise<T>): Promise<T> {
    const pushed = (pushes.get(repository) ?? Promise.resolve()).then(push, push);
    pushes.set(repository, pushed);
    return pushed;
  }

  async function publish({
    from,
    to,
    tags = [],
    env = {},
    labels = {},
    command,
    ballast,
    created,
  }: PublishOptions): Promise<{ reference: string; digest: string }> {
    const source = split(from);
    const target = split(to);
    const manifest = (await (
      await call(source.repository, 'GET', `manifests/${source.tag}`)
    ).json()) as Manifest;
    const config = (await (
      await call(source.repository, 'GET', `blobs/${manifest.config.digest}`)
    ).json()) as ImageConfig;
    if (source.repository !== target.repository) {
      for (const { digest } of manifest.layers) {
        await call(target.repository, 'POST', `blobs/uploads/?mount=${digest}&from=${source.repository}`);
      }
    }
    if (ballast !== undefined) {
      const archive = tarOf('lab-ballast', randomBytes(ballast));
      const packed = gzipSync(archive, { level: 0 });
      const digest = await upload(target.repository, packed);
      manifest.layers.push({
        mediaType: manifest.layers[0]?.mediaType as string,
        size: packed.length,
        digest,
      });
      config.rootfs.diff_ids.push(sha256(archive));
      config.history = [...(config.history ?? []), { created_by: 'lab ballast' }];
    }
    const kept = (config.config.Env as string[]).filter((entry) => !((entry.split('=')[0] as string) in env));
    config.config.Env = [...kept, ...Object.entries(env).map(([variable, value]) => `${variable}=${value}`)];
    config.config.Labels = { ...config.config.Labels, ...labels };
    if (command !== undefined) config.config.Cmd = command;
    config.created = (created ?? new Date()).toISOString();
    const bytes = Buffer.from(JSON.stringify(config));
    manifest.config = {
      ...manifest.config,
      size: bytes.length,
      digest: await upload(target.repository, bytes),
    };
    const body = Buffer.from(JSON.stringify(manifest));
    for (const tag of [target.tag, ...tags])
      await call(target.repository, 'PUT', `manifests/${tag}`, { body, type: manifest.mediaType });
    const digest = sha256(body);
    return { digest, reference: `${address}/${target.repository}@${digest}` };
  }

  return {
    address,
    url,
    access,
    admin,
    container: id,
    forwards,
    image: (image) => `${address}/${image}`,
    digest: async (image) => {
      const { repository, tag } = split(image);
      const answer = await call(repository, 'HEAD', `manifests/${tag}`);
      return answer.headers.get('docker-content-digest') as string;
    },
    publish: (options) => alone(split(options.to).repository, () => publish(options)),
    pause: async () => void (await engine.docker(['pause', id])),
    unpause: async () => void (await engine.docker(['unpause', id])),
    log: () => engine.docker(['exec', id, 'cat', '/var/log/registry.log']),
    remove: async () => {
      given.onRemove();
      await engine.docker(['rm', '--force', '--volumes', id]);
    },
  };
}

function split(name: string): { repository: string; tag: string } {
  const colon = name.lastIndexOf(':');
  if (colon < 0) throw new Error(`${name}: a tag is needed`);
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** An archive of one file (POSIX ustar). */
function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(((512 - (content.length % 512)) % 512) + 1024)]);
}
