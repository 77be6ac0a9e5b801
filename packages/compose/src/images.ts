import { Failure, FieldError, quote } from '@deploy-actions/kit';
import { type ComposeModel, mapServices } from './model.ts';
import { DIGEST, type Reference, parseReference } from '@deploy-actions/image';

/** Service name to `registry/name@sha256:…`, `registry/name:tag` or a bare `sha256:…`. */
export type Images = ReadonlyMap<string, string>;

/**
 * Parses the `images` input: a JSON object, or `service=reference` lines.
 * The contract with ghcr-verify-image, whose output is taken as it is (schema/images.schema.json).
 */
export function parseImages(text: string): Images {
  const images = new Map<string, string>();
  const add = (service: string, reference: unknown, line?: number) => {
    try {
      if (typeof reference !== 'string') throw new FieldError(`the image of ${quote(service)} is not a text`);
      if (!DIGEST.test(reference)) parseReference(reference);
      if (images.has(service)) throw new FieldError(`${quote(service)} is given twice`);
    } catch (error) {
      throw error instanceof FieldError
        ? new FieldError(error.message, { line, remedy: error.remedy })
        : error;
    }
    images.set(service, reference);
  };
  if (text.trim().startsWith('{')) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new FieldError('is not valid JSON', {
        remedy:
          'Hand over the `images` output of ghcr-verify-image as it is, or write service=reference lines.',
        cause: error,
      });
    }
    for (const [service, reference] of Object.entries(value as object)) add(service, reference);
    return images;
  }
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    if (at < 1) {
      throw new FieldError(`${quote(line)} is not service=reference`, { line: index + 1 });
    }
    add(line.slice(0, at).trim(), line.slice(at + 1).trim(), index + 1);
  }
  return images;
}

/**
 * - `named`: services named in `images`, and those of the same repository, must come by digest
 * - `all`: every service must
 * - `off`: none must
 */
export type DigestRule = 'named' | 'all' | 'off';

/**
 * Puts the images into the model. A service whose image is of the same repository as a named one takes the same
 * digest, and `notes` says so: a worker must not stay on the old code because nobody named it.
 * `build` is dropped: nothing is built on a server.
 */
export function applyImages(
  model: ComposeModel,
  images: Images,
  rule: DigestRule,
): { model: ComposeModel; notes: string[] } {
  const names = Object.keys(model.services);
  for (const service of images.keys()) {
    if (model.services[service]) continue;
    throw new Failure('input', `input \`images\`: ${quote(service)} is not a service of the compose file`, {
      input: 'images',
      remedy: `Its services are: ${names.join(', ')}. A service of a profile needs that profile in \`profiles\`.`,
    });
  }
  const chosen = new Map<string, string>();
  const byRepository = new Map<string, { service: string; reference: string }[]>();
  for (const [service, value] of images) {
    const reference = complete(service, value, model.services[service]!.image);
    chosen.set(service, reference);
    const { repository } = parse(service, reference);
    byRepository.set(repository, [...(byRepository.get(repository) ?? []), { service, reference }]);
  }
  const notes: string[] = [];
  for (const [service, { image }] of Object.entries(model.services)) {
    if (chosen.has(service) || image === undefined) continue;
    const same = byRepository.get(parse(service, image).repository) ?? [];
    const references = new Set(same.map((one) => one.reference));
    if (references.size === 0) continue;
    if (references.size > 1) {
      throw new Failure(
        'input',
        `input \`images\`: ${same.map((one) => one.service).join(' and ')} take different images of one repository, so the image of ${service} is not clear`,
        { input: 'images', remedy: `Name ${service} in \`images\` too.` },
      );
    }
    const { service: from, reference } = same[0]!;
    chosen.set(service, reference);
    notes.push(`${service} takes the image of ${from}: it is of the same repository`);
  }
  const placed = mapServices(model, (service, name) => {
    const { build, pull_policy: _policy, ...rest } = service;
    const image = chosen.get(name) ?? service.image;
    if (image === undefined) {
      throw new Failure(
        'input',
        `the service ${name} has no image${build === undefined ? '' : ', only a `build`, and nothing is built on the server'}`,
        {
          remedy: `Push its image to a registry and name it: \`images: ${name}=registry/name@sha256:…\`, or as \`image:\` in the compose file.`,
        },
      );
    }
    const reference = parse(name, image);
    const must = rule === 'all' || (rule === 'named' && chosen.has(name));
    if (must && reference.digest === undefined) {
      throw new Failure('input', `the image of ${name} is not pinned by digest: ${image}`, {
        input: 'require-digest',
        remedy: `Write ${reference.name}@sha256:… (ghcr-verify-image gives it), or set \`require-digest: false\`.`,
      });
    }
    return { ...rest, image };
  });
  return { model: placed, notes };
}

/** Services whose image must be on the server already (`pull_policy: never`): whoever writes that has loaded it there. */
export function neverPulled(model: ComposeModel): ReadonlySet<string> {
  const held = Object.entries(model.services).filter(([, service]) => service['pull_policy'] === 'never');
  return new Set(held.map(([name]) => name));
}

function complete(service: string, value: string, image: string | undefined): string {
  if (!DIGEST.test(value)) return value;
  if (image === undefined) {
    throw new Failure(
      'input',
      `input \`images\`: the digest of ${service} needs a repository, but the compose file gives it no \`image\``,
      {
        input: 'images',
        remedy: `Write ${service}=registry/name@${value.slice(0, 14)}….`,
      },
    );
  }
  return `${parse(service, image).name}@${value}`;
}

function parse(service: string, image: string): Reference {
  try {
    return parseReference(image);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw new Failure('input', `the image of ${service}: ${error.message}`, {
      remedy: `A variable in it may be empty: check \`env\` and \`env-file\`. ${error.remedy ?? ''}`.trim(),
      cause: error,
    });
  }
}
