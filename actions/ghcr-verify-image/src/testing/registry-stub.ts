// For tests: a registry in this process, which remembers what it was asked and can be told to misbehave.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer as bodyOf } from 'node:stream/consumers';
import { digestOf } from '../manifest/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../manifest/media-type.ts';

export interface StubAnswer {
  status: number;
  /** A field that stands several times has its values in a list. */
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** How it breaks off: without a word, in the middle of the body and waiting, or in the middle and closed. */
  breaks?: 'silent' | 'waiting' | 'closed';
}

export interface StubRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

export interface StubRegistry {
  /** `127.0.0.1:port` */
  host: string;
  requests: StubRequest[];
  /** Asked first for every request; undefined lets the registry answer. */
  intercept: ((request: StubRequest) => StubAnswer | undefined) | undefined;
  /** With this set, `/v2/` wants a Bearer token of `/token`, which gives one to whom this lets pass. */
  admit: ((user: string | undefined, scope: string) => boolean) | undefined;
  /** Stores bytes and answers their descriptor. */
  blob(bytes: string | Buffer, mediaType?: string): StubDescriptor;
  /** Stores a manifest, under a tag too when one is given, and answers its descriptor. */
  manifest(repository: string, manifest: object | Buffer, mediaType: string, tag?: string): StubDescriptor;
  /** What it answers for a manifest, or undefined where it has none. */
  read(repository: string, name: string): StubAnswer | undefined;
  close(): Promise<void>;
}

export interface StubDescriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export interface StubImage {
  labels?: Record<string, string>;
  created?: string;
  platform?: { os: string; architecture: string; variant?: string };
  layerSizes?: number[];
  mediaType?: string;
}

/** An image of one platform, whose layers are only named: nobody pulls it. */
export function putImage(
  registry: StubRegistry,
  repository: string,
  tag: string | undefined,
  image: StubImage = {},
): StubDescriptor {
  const { platform = { os: 'linux', architecture: 'amd64' }, mediaType = OCI_MANIFEST } = image;
  const oci = mediaType === OCI_MANIFEST;
  const config = registry.blob(
    JSON.stringify({
      ...platform,
      created: image.created,
      config: { Labels: image.labels ?? {} },
      rootfs: { type: 'layers', diff_ids: [] },
    }),
    oci ? 'application/vnd.oci.image.config.v1+json' : 'application/vnd.docker.container.image.v1+json',
  );
  const layers = (image.layerSizes ?? [1000]).map((size, index) => ({
    mediaType: oci
      ? 'application/vnd.oci.image.layer.v1.tar+gzip'
      : 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    digest: digestOf(Buffer.from(`${repository} ${tag} ${index}`)),
    size,
  }));
  return registry.manifest(repository, { schemaVersion: 2, mediaType, config, layers }, mediaType, tag);
}

/** An index of the given entries. */
export function putIndex(
  registry: StubRegistry,
  repository: string,
  tag: string,
  manifests: object[],
  mediaType = OCI_INDEX,
): StubDescriptor {
  return registry.manifest(repository, { schemaVersion: 2, mediaType, manifests }, mediaType, tag);
}

/** BuildKit's attestation manifest beside an image, as it stands in an index. */
export function attestationEntry(registry: StubRegistry, repository: string, image: StubDescriptor): object {
  const own = putImage(registry, repository, undefined, {
    platform: { os: 'unknown', architecture: 'unknown' },
    layerSizes: [77],
  });
  return {
    ...own,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': image.digest,
    },
  };
}

export const AMD64 = { os: 'linux', architecture: 'amd64' };
export const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

/** An image for two platforms as docker/build-push-action pushes it. */
export function putBuild(
  registry: StubRegistry,
  repository: string,
  tag: string,
  labels: Record<string, string> = {},
): StubDescriptor {
  const entries = [AMD64, ARM64].flatMap((platform) => {
    const created = '2026-11-21T11:00:00Z';
    const image = putImage(registry, repository, undefined, {
      platform,
      labels,
      created,
      layerSizes: [40e6, 2e6],
    });
    return [{ ...image, platform }, attestationEntry(registry, repository, image)];
  });
  return putIndex(registry, repository, tag, entries);
}

export async function startRegistry(): Promise<StubRegistry> {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { bytes: Buffer; mediaType: string }>();
  const requests: StubRequest[] = [];
  const tokens = new Map<string, string>();

  const error = (
    status: number,
    code: string,
    message: string,
    headers?: Record<string, string>,
  ): StubAnswer => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ errors: [{ code, message }] }),
  });

  function token(request: StubRequest): StubAnswer {
    const query = new URL(request.url, 'http://stub').searchParams;
    const basic = /^Basic (.*)$/.exec(request.headers['authorization'] ?? '')?.[1];
    const user = basic && Buffer.from(basic, 'base64').toString('utf8');
    const scope = query.get('scope') ?? '';
    if (stub.admit?.(user, scope) === false) return error(403, 'DENIED', 'denied');
    const name = `token-${tokens.size + 1}-${scope.replace(/\W/g, '-')}`;
    tokens.set(name, scope);
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: name }),
    };
  }

  function answer(request: StubRequest): StubAnswer {
    const intercepted = stub.intercept?.(request);
    if (intercepted) return intercepted;
    const { pathname } = new URL(request.url, 'http://stub');
    if (pathname === '/token') return token(request);
    const [, repository, kind, name] =
      /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/([^/]+)$/.exec(pathname) ?? [];
    // What a client may ask first, to learn how to log in.
    const isPing = pathname === '/v2/';
    if (!isPing && (repository === undefined || name === undefined))
      return error(404, 'NOT_FOUND', 'no such path');
    if (stub.admit) {
      const bearer = /^Bearer (.*)$/.exec(request.headers['authorization'] ?? '')?.[1];
      const allowed = (['pull', 'pull,push'] as const)
        .filter((actions) => request.method !== 'PUT' || actions !== 'pull')
        .map((actions) => `repository:${repository}:${actions}`);
      if (bearer === undefined || !allowed.includes(tokens.get(bearer) ?? '')) {
        return error(401, 'UNAUTHORIZED', 'authentication required', {
          // As GHCR does it: the scope is a placeholder.
          'www-authenticate': `Bearer realm="http://${stub.host}/token",service="stub",scope="repository:user/image:pull"`,
        });
      }
    }
    if (isPing || repository === undefined || name === undefined) return { status: 200, body: '{}' };
    if (kind === 'manifests' && request.method === 'PUT') {
      const { digest } = stub.manifest(repository, request.body, request.headers['content-type'] ?? '', name);
      return { status: 201, headers: { 'docker-content-digest': digest } };
    }
    if (kind === 'manifests') {
      return stub.read(repository, name) ?? error(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    }
    if (kind === 'blobs') {
      const found = blobs.get(name);
      return found
        ? { status: 200, headers: { 'content-type': 'application/octet-stream' }, body: found }
        : error(404, 'BLOB_UNKNOWN', 'blob unknown');
    }
    if (kind === 'tags') {
      const names = [...manifests.keys()]
        .filter((key) => key.startsWith(`${repository} `))
        .map((key) => key.slice(repository.length + 1));
      if (names.length === 0) return error(404, 'NAME_UNKNOWN', 'repository name not known to registry');
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: repository, tags: names.filter((tag) => !tag.startsWith('sha256:')) }),
      };
    }
    return error(404, 'NOT_FOUND', 'no such API');
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request: StubRequest = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers as Record<string, string | undefined>,
      body: await bodyOf(incoming),
    };
    requests.push(request);
    const { status, headers = {}, body = '', breaks } = answer(request);
    if (breaks === 'silent') return;
    outgoing.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
    if (breaks !== undefined) {
      outgoing.write(body.slice(0, body.length / 2), () => breaks === 'closed' && outgoing.destroy());
      return;
    }
    outgoing.end(request.method === 'HEAD' ? undefined : body);
  }

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

  const stub: StubRegistry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    intercept: undefined,
    admit: undefined,
    blob(bytes, mediaType = 'application/octet-stream') {
      const buffer = Buffer.from(bytes);
      blobs.set(digestOf(buffer), buffer);
      return { mediaType, digest: digestOf(buffer), size: buffer.length };
    },
    manifest(repository, manifest, mediaType, tag) {
      const bytes = Buffer.isBuffer(manifest) ? manifest : Buffer.from(JSON.stringify(manifest));
      const digest = digestOf(bytes);
      for (const name of [digest, ...(tag === undefined ? [] : [tag])])
        manifests.set(`${repository} ${name}`, { bytes, mediaType });
      return { mediaType, digest, size: bytes.length };
    },
    read(repository, name) {
      const found = manifests.get(`${repository} ${name}`);
      return (
        found && {
          status: 200,
          headers: { 'content-type': found.mediaType, 'docker-content-digest': digestOf(found.bytes) },
          body: found.bytes,
        }
      );
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return stub;
}
