import type { Explanation } from './explanation.ts';

/** Failures of images and their attestations. */
export const IMAGES = {
  'image-absent': {
    meaning: 'The registry has no such image.',
    remedy:
      'Correct the name; it may have been pushed to another registry, or be private and the answer the same.',
  },
  'tag-absent': {
    meaning: 'The image has no such tag.',
    remedy: 'The message names the nearest tags that are there.',
  },
  'part-absent': {
    meaning: 'The registry does not have a part that the image names, such as a manifest or a layer.',
    remedy: 'Push the image again: it was not pushed whole, or the registry lost a part.',
  },
  'storage-refused': {
    meaning: 'The storage behind the registry does not hand a part of the image out.',
    remedy: 'Look whether a proxy or a firewall keeps the runner from the storage’s own address.',
  },
  'not-an-image': {
    meaning: 'What stands under this name is an artifact of another kind.',
    remedy: 'Name the image, and not what belongs to it.',
  },
  'credentials-missing': {
    meaning: 'The registry asks for a login, and none was given.',
    remedy: 'Give `username` and `password`.',
  },
  'credentials-rejected': {
    meaning: 'The registry does not know this login.',
    remedy: 'Check the user name and whether the token has expired.',
  },
  'access-denied': {
    meaning: 'The login is known and may not read this image.',
    remedy: 'Give it the right to read the package.',
  },
  'push-refused': {
    meaning: 'The registry does not let this login move the tag.',
    remedy:
      'Give the job `packages: write`, or the account the right to push; some registries hold tags fast.',
  },
  'tag-overtaken': {
    meaning:
      'The tag of `promote` was moved, and another run moved it on at the same time: a registry has no lock for a tag.',
    remedy:
      'Look that the tag names the images of one run, and run the step of that run again. Let one run at a time move it, such as by `concurrency` of its job.',
  },
  'access-not-granted': {
    meaning: 'The repository’s token was not granted access to the package.',
    remedy: 'Add the repository under _Manage Actions access_ in the settings of the package.',
  },
  'token-scope': {
    meaning: 'The token lacks the scope that reading packages needs.',
    remedy: 'Use one with `read:packages`, or give the job `packages: read`.',
  },
  'sso-required': {
    meaning: 'The organisation wants the token to be authorised for single sign-on.',
    remedy: 'Authorise it in the settings of the token.',
  },
  'address-not-allowed': {
    meaning: 'The organisation does not let the address of this runner in.',
    remedy: 'Add it to the organisation’s IP allow list, or use a runner that is on it.',
  },
  'rate-limited': {
    meaning: 'The registry answers that too many requests were made, by the runner or by the server.',
    remedy: 'Log in, or try again later.',
  },
  'registry-down': {
    meaning: 'The registry is out of order.',
    remedy: 'Try again later.',
  },
  'registry-unreachable': {
    meaning: 'The registry cannot be reached.',
    remedy: 'Check its name and the network of the runner.',
  },
  'not-a-registry': {
    meaning: 'What answers there is no registry.',
    remedy: 'Check the host; a proxy or a login page may stand before it.',
  },
  'index-not-accepted': {
    meaning: 'The registry did not answer with an index although it was asked for one.',
    remedy: 'Ask for one platform, or update the registry.',
  },
  'schema-1': {
    meaning: 'The image is of the old format, schema 1.',
    remedy: 'Push it again with a current tool.',
  },
  malformed: {
    meaning: 'An answer of the registry, or a part of the image, cannot be read.',
    remedy: 'Push the image again.',
  },
  'digest-mismatch': {
    meaning: 'The bytes are not those of the digest that was asked for.',
    remedy: 'Do not use the image. Find out who changed it, or what stands between.',
  },
  'platform-missing': {
    meaning: 'The image is not there for a platform that is wanted.',
    remedy: 'Build it for that platform too.',
  },
  'label-differs': {
    meaning: 'A label of the image is not what is expected.',
    remedy: 'Build it from the right commit, or correct the expectation.',
  },
  'too-big': {
    meaning: 'The image is larger than `max-size`.',
    remedy: 'Make the image smaller, or raise `max-size`.',
  },
  'too-old': {
    meaning: 'The image is older than `max-age`.',
    remedy: 'Build it again, or raise `max-age`.',
  },
  'not-attested': {
    meaning: 'The image has no attestation.',
    remedy: 'Attest it in the workflow that builds it.',
  },
  'attested-by-other': {
    meaning: 'The image is attested, by somebody else than who is expected.',
    remedy: 'Find out who built it, or correct the expectation.',
  },
  'attestation-invalid': {
    meaning: 'The image has an attestation that proves nothing.',
    remedy: 'Do not use the image; attest it anew.',
  },
  'attestation-access': {
    meaning: 'The attestations cannot be read with this token.',
    remedy: 'Give the job `attestations: read`.',
  },
} satisfies Record<string, Explanation>;
