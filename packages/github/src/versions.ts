import type { SemVer } from 'semver';
import compare from 'semver/functions/compare.js';
import parse from 'semver/functions/parse.js';
import { fieldsOf, innerFields, objectIn, textIn } from './answer.ts';
import type { GitHubApi } from './api.ts';
import { GitHubError } from './error.ts';

/** A version by SemVer 2.0.0, of a text with or without a leading `v`. */
export interface Version {
  /** As it was written. */
  text: string;
  prerelease: boolean;
  /** Negative when the other one is higher. Build metadata does not count. */
  compare(other: Version): number;
}

/** The version that a text is; undefined when it is none. Source: semver.org. */
export function parseVersion(text: string): Version | undefined {
  // The library also takes spaces around it and `=v1.2.3`.
  if (!/^v?\d/.test(text) || text !== text.trim()) return undefined;
  const version = parse(text);
  return version === null ? undefined : versionOf(text, version);
}

const parsed = new WeakMap<Version, SemVer>();

function versionOf(text: string, version: SemVer): Version {
  const made: Version = {
    text,
    prerelease: version.prerelease.length > 0,
    compare: (other) => compare(version, parsed.get(other) ?? parse(other.text)!),
  };
  parsed.set(made, version);
  return made;
}

/** A tag of the repository that is a version. */
export interface VersionTag {
  name: string;
  version: Version;
  /** The object that the tag names: a commit, or an annotated tag of one. */
  object: { type: string; sha: string };
}

/** A repository with more tags than this is refused: the list has no documented order, so the highest may be behind. */
const MOST = 20_000;

/**
 * Every tag that is a version, highest first by SemVer's precedence; the API's own order means nothing. Needs
 * `contents: read`. Source: docs.github.com/rest/git/refs#list-matching-references.
 */
export async function versionTags(api: GitHubApi): Promise<VersionTag[]> {
  const { items, complete } = await api.list(
    'GET /repos/{owner}/{repo}/git/matching-refs/{ref}',
    { ref: 'tags/' },
    { most: MOST },
  );
  if (!complete) throw new GitHubError(`the repository has more than ${MOST} tags`, { trouble: 'malformed' });
  return items
    .flatMap((item): VersionTag[] => {
      const ref = fieldsOf(item, 'a ref');
      const name = textIn(ref, 'ref').replace(/^refs\/tags\//, '');
      const version = parseVersion(name);
      if (version === undefined) return [];
      const object = innerFields(ref, 'object');
      return [{ name, version, object: { type: textIn(object, 'type'), sha: objectIn(object, 'sha') } }];
    })
    .sort((a, b) => b.version.compare(a.version) || (a.name < b.name ? -1 : 1));
}

/**
 * The version before a given one: of a release the last release, of a pre-release whatever is next lower. Where the current
 * version is no SemVer it is the highest release. Undefined when there is none.
 */
export function previousVersion(
  tags: readonly VersionTag[],
  current: Version | undefined,
): VersionTag | undefined {
  const lower = current === undefined ? tags : tags.filter((tag) => tag.version.compare(current) < 0);
  if (current?.prerelease) return lower[0];
  return lower.find((tag) => !tag.version.prerelease) ?? lower[0];
}

/** The commit that a tag names, through the annotated tags on the way. Needs `contents: read`. */
export async function commitOfTag(api: GitHubApi, tag: Pick<VersionTag, 'name' | 'object'>): Promise<string> {
  let { type, sha } = tag.object;
  for (let depth = 0; type === 'tag'; depth += 1) {
    if (depth === 5)
      throw new GitHubError(`the tag ${tag.name} leads to no commit`, { trouble: 'malformed' });
    const { data } = await api.ask('GET /repos/{owner}/{repo}/git/tags/{tag_sha}', { tag_sha: sha });
    const object = innerFields(fieldsOf(data, 'the tag'), 'object');
    type = textIn(object, 'type');
    sha = objectIn(object, 'sha');
  }
  if (type !== 'commit')
    throw new GitHubError(`the tag ${tag.name} names a ${type}, not a commit`, { trouble: 'malformed' });
  return sha;
}

/** The object that a tag of exactly this name has; undefined when there is no such tag. Needs `contents: read`. */
export async function tagNamed(
  api: GitHubApi,
  name: string,
): Promise<Pick<VersionTag, 'name' | 'object'> | undefined> {
  try {
    const { data } = await api.ask('GET /repos/{owner}/{repo}/git/ref/{ref}', { ref: `tags/${name}` });
    const object = innerFields(fieldsOf(data, 'the ref'), 'object');
    return { name, object: { type: textIn(object, 'type'), sha: objectIn(object, 'sha') } };
  } catch (error) {
    if (error instanceof GitHubError && error.status === 404) return undefined;
    throw error;
  }
}
