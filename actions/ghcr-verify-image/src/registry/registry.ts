import { type HttpRequest, type HttpResponse, nextPage } from '@deploy-actions/http';
import { DIGEST, type Reference, TAG, apiHost, formatReference, manifestName } from '@deploy-actions/image';
import type { Clock } from '@deploy-actions/kit';
import { type Question, classify, partAbsent, refusedElsewhere } from './answer.ts';
import { checkDigest, digestOf } from '../manifest/digest.ts';
import {
  type Descriptor,
  type ImageIndex,
  type ImageManifest,
  checkImage,
  parseManifest,
  schema1,
} from '../manifest/manifest.ts';
import { ACCEPT_MANIFESTS, bareType, isIndex, isSchema1 } from '../manifest/media-type.ts';
import { Problem } from '../problem.ts';
import type { Grant, Tokens } from './token.ts';
import type { Traffic, Wire } from './wire.ts';

/** Registries need not take larger manifests than this (OCI distribution-spec), and we read no larger ones. */
const MAX_MANIFEST = 4 * 2 ** 20;
const MAX_TAGS = 2 ** 20;
const TAG_PAGES = 5;

export interface RegistryOptions {
  wire: Wire;
  tokens: Tokens;
  clock: Clock;
  /** Whether a registry is spoken to in plain HTTP. */
  isInsecure(host: string): boolean;
  /** A tag that is to be moved there, for what is said where that is refused. */
  tag?: string;
}

/** A manifest with the digest of its bytes. */
export interface Fetched {
  digest: string;
  manifest: ImageManifest | ImageIndex;
  /** The manifest as the registry sent it. */
  bytes: Buffer;
}

/** One repository of a registry, as seen while one image is verified. Every method throws Problems. */
export interface Repository {
  readonly reference: Reference;
  readonly traffic: Traffic;
  /** What the reference names, without reading it: HEAD, or GET where the registry answers no digest. */
  resolve(): Promise<{ digest: string; mediaType: string }>;
  /** The manifest of the reference, or of a digest or tag in the same repository; its bytes are checked. */
  manifest(name?: string): Promise<Fetched>;
  /** The bytes that a descriptor points to, checked against its digest. */
  blob(descriptor: Descriptor, maxBytes: number): Promise<Buffer>;
  /** The repository's tags; `absent` when there is no such repository, undefined when it does not say. */
  tags(): Promise<string[] | 'absent' | undefined>;
  /** The manifests that refer to a digest, by the API; undefined where the registry has none. */
  referrers(digest: string): Promise<ImageIndex | undefined>;
  /** The manifest of a tag, or undefined when there is none. */
  find(tag: string): Promise<Fetched | undefined>;
  /** The digest of whatever a tag names, or undefined when there is none. */
  digestAt(tag: string): Promise<string | undefined>;
  /**
   * Lets a tag name a manifest of this repository (OCI distribution-spec, "Pushing Manifests"): the same bytes, and nothing
   * else is sent. Answers the digest that the registry says it stored; undefined where it does not say.
   */
  push(tag: string, fetched: Fetched): Promise<string | undefined>;
}

export function openRepository(
  { wire, tokens, clock, isInsecure, tag }: RegistryOptions,
  reference: Reference,
): Repository {
  const { registry, path } = reference;
  const image = formatReference(reference);
  const origin = new URL(`${isInsecure(registry) ? 'http' : 'https'}://${apiHost(registry)}`).origin;
  const root = `${origin}/v2/${path}`;
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const question = (stage: Question['stage']): Question => ({
    stage,
    image,
    registry,
    path,
    credentials: 'none',
    tag,
    now: clock.wall(),
  });

  /**
   * One request with the authorization that it turns out to need. Only the registry itself may ask for one: a redirect
   * leads to whoever holds the bytes, and to nobody who may have the registry's password (the class of CVE-2020-15157).
   *
   * @param repeated what is asked instead, once the registry has said how to log in
   */
  async function send(
    request: HttpRequest,
    stage: Question['stage'],
    repeated: HttpRequest = request,
  ): Promise<{ answer: HttpResponse; asked: Question }> {
    const base = question(stage);
    const ask = async ({ authorization, credentials }: Grant, what: HttpRequest) => {
      const got = await wire(
        {
          redirects: 5,
          ...what,
          headers: { ...what.headers, ...(authorization ? { authorization } : {}) },
        },
        { ...base, credentials },
        traffic,
      );
      const from = new URL(got.url);
      if ((got.status === 401 || got.status === 403) && from.origin !== origin)
        throw refusedElsewhere(from, got.status, base);
      return got;
    };
    let grant = await tokens.grant(base, traffic);
    let answer = await ask(grant, request);
    if (answer.status === 401) {
      const renewed = await tokens.renew(grant, answer, base, traffic);
      if (renewed) {
        grant = renewed;
        answer = await ask(grant, repeated);
      }
    }
    // With Basic the registry itself is what checks the credentials, as else the token service does.
    const isLogin = answer.status === 401 && grant.authorization?.startsWith('Basic ');
    const asked: Question = {
      ...base,
      credentials: grant.credentials,
      ...(isLogin ? { stage: 'token' } : {}),
      unasked: grant.authorization === undefined && tokens.held(registry) !== 'none',
    };
    if (answer.status === 401 || answer.status === 403) {
      if (grant.denied) throw grant.denied;
      const nobody = grant.credentials === 'none' ? undefined : await tokens.anonymous(base, traffic);
      const second = nobody && (await ask(nobody, repeated));
      if (second && second.status < 400) {
        tokens.keepAnonymous({ ...nobody, denied: classify(answer, asked) }, base);
        return { answer: second, asked: { ...asked, credentials: 'none' } };
      }
    } else if (answer.status < 400) {
      tokens.keepAnonymous(grant, base);
    }
    return { answer, asked };
  }

  const manifestRequest = (name: string): HttpRequest => ({
    url: `${root}/manifests/${name}`,
    headers: { accept: ACCEPT_MANIFESTS },
    maxBytes: MAX_MANIFEST,
  });

  function read(answer: HttpResponse, name: string): Fetched {
    const digest = digestOf(answer.body);
    const what = DIGEST.test(name) ? `${image} (${name})` : image;
    if (isSchema1(bareType(answer.headers['content-type']))) throw schema1(what);
    const said = answer.headers['docker-content-digest'];
    if (DIGEST.test(name)) checkDigest(answer.body, name, what);
    else if (said !== undefined && DIGEST.test(said)) checkDigest(answer.body, said, what);
    const manifest = parseManifest(answer.body, answer.headers['content-type'], what);
    return { digest, manifest, bytes: answer.body };
  }

  async function manifest(name = manifestName(reference)): Promise<Fetched> {
    const { answer, asked } = await send(manifestRequest(name), 'manifest');
    // Not what was asked for, but something that it names.
    if (answer.status === 404 && name !== manifestName(reference)) throw partAbsent(image, 'manifest', name);
    if (answer.status !== 200) throw classify(answer, asked);
    return read(answer, name);
  }

  return {
    reference,
    traffic,
    manifest,

    async resolve() {
      const name = manifestName(reference);
      const get = manifestRequest(name);
      // HEAD, which Docker Hub does not count as a pull; where it is refused once, the second request brings the bytes.
      const { answer } = await send({ ...get, method: 'HEAD' }, 'manifest', get);
      const mediaType = bareType(answer.headers['content-type']);
      if (answer.status === 200 && isSchema1(mediaType)) throw schema1(image);
      const digest = answer.headers['docker-content-digest'];
      if (answer.status === 200 && digest !== undefined && DIGEST.test(digest)) {
        if (reference.digest !== undefined && digest !== reference.digest) {
          throw new Problem('digest-mismatch', `${image}: the registry answers ${digest} instead`, {
            remedy: 'The registry, or a proxy before it, is damaged: do not deploy this image.',
          });
        }
        // What an index holds is of its platforms; what else has this type may be a chart, and only its bytes say so.
        if (isIndex(mediaType)) return { digest, mediaType };
      }
      // A body came after a login or after the wire's second try; else the same bytes are asked for, by their digest.
      const fetched =
        answer.status === 200 && answer.body.length > 0
          ? read(answer, name)
          : await manifest(
              answer.status === 200 && digest !== undefined && DIGEST.test(digest) ? digest : name,
            );
      if (fetched.manifest.kind === 'manifest') checkImage(fetched.manifest, image);
      return { digest: fetched.digest, mediaType: fetched.manifest.mediaType };
    },

    async find(tag) {
      const { answer, asked } = await send(manifestRequest(tag), 'manifest');
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw classify(answer, asked);
      return read(answer, tag);
    },

    async digestAt(name) {
      const get = manifestRequest(name);
      let { answer, asked } = await send({ ...get, method: 'HEAD' }, 'manifest', get);
      const said = () => {
        const digest = answer.headers['docker-content-digest'];
        return digest !== undefined && DIGEST.test(digest) ? digest : undefined;
      };
      if (answer.status === 200 && said() === undefined && answer.body.length === 0)
        ({ answer, asked } = await send(get, 'manifest'));
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw classify(answer, asked);
      return said() ?? digestOf(answer.body);
    },

    async push(name, { bytes, manifest: { mediaType } }) {
      const { answer, asked } = await send(
        {
          method: 'PUT',
          url: `${root}/manifests/${name}`,
          headers: { 'content-type': mediaType },
          body: bytes,
          maxBytes: MAX_MANIFEST,
          redirects: 0,
        },
        'push',
      );
      if (answer.status < 200 || answer.status > 299) throw classify(answer, asked);
      const said = answer.headers['docker-content-digest'];
      return said !== undefined && DIGEST.test(said) ? said : undefined;
    },

    async blob(descriptor, maxBytes) {
      if (descriptor.size > maxBytes) {
        throw new Problem(
          'malformed',
          `${image}: ${descriptor.digest} has ${descriptor.size} bytes, more than the ${maxBytes} that are read`,
        );
      }
      const { answer, asked } = await send({ url: `${root}/blobs/${descriptor.digest}`, maxBytes }, 'blob');
      if (answer.status === 404) throw partAbsent(image, 'configuration', descriptor.digest);
      if (answer.status !== 200) throw classify(answer, asked);
      checkDigest(answer.body, descriptor.digest, `${image} (${descriptor.mediaType || 'blob'})`);
      return answer.body;
    },

    async tags() {
      const tags: string[] = [];
      const seen = new Set<string>();
      let url: URL | undefined = new URL(`${root}/tags/list?n=1000`);
      while (url && !seen.has(url.href) && seen.size < TAG_PAGES) {
        seen.add(url.href);
        const { answer }: { answer: HttpResponse } = await send({ url, maxBytes: MAX_TAGS }, 'tags');
        if (answer.status === 404) return 'absent';
        if (answer.status !== 200) return undefined;
        let listed: unknown;
        try {
          listed = (JSON.parse(answer.body.toString('utf8')) as { tags?: unknown }).tags ?? [];
        } catch {
          return undefined;
        }
        if (!Array.isArray(listed)) return undefined;
        tags.push(...listed.filter((tag): tag is string => typeof tag === 'string' && TAG.test(tag)));
        url = nextPage(answer.headers['link'], url);
      }
      // Pages that overlap, or a careless registry, name one twice.
      return [...new Set(tags)];
    },

    async referrers(digest) {
      const { answer, asked } = await send(
        { url: `${root}/referrers/${digest}`, headers: { accept: ACCEPT_MANIFESTS }, maxBytes: MAX_MANIFEST },
        'referrers',
      );
      // Registries without this API answer 404, some of them 400 or 405, some a page of their own.
      if (answer.status !== 200) {
        if (answer.status === 401 || answer.status === 403) throw classify(answer, asked);
        return undefined;
      }
      try {
        const list = parseManifest(answer.body, answer.headers['content-type'], image);
        return list.kind === 'index' ? list : undefined;
      } catch (error) {
        if (error instanceof Problem) return undefined;
        throw error;
      }
    },
  };
}
