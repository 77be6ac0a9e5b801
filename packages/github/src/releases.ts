import { countIn, fieldsOf, listIn, textIn, textOrNone } from './answer.ts';
import type { GitHubApi } from './api.ts';

const BY_TAG = 'GET /repos/{owner}/{repo}/releases/tags/{tag}';

/**
 * The names of the assets that a published release has, those left out whose upload was not finished. Needs
 * `contents: read`; a draft is answered with 404. Source: docs.github.com/rest/releases/releases#get-a-release-by-tag-name.
 */
export async function releaseAssets(api: GitHubApi, tag: string): Promise<string[]> {
  const { data } = await api.ask(BY_TAG, { tag });
  return listIn(fieldsOf(data, 'the release'), 'assets')
    .map((item) => fieldsOf(item, 'an asset'))
    .filter((asset) => textIn(asset, 'state') === 'uploaded')
    .map((asset) => textIn(asset, 'name'));
}

/** Longest body of a release, in characters. */
export const RELEASE_LIMIT = 125_000;

/**
 * Changes the body of a published release, and nothing else of it: neither the tag nor the commit that it names is sent, so that
 * none can move. Where `change` gives the same text nothing is asked. Answers whether it was changed. Needs `contents: write`; no
 * release of that tag, or a draft, is answered with 404.
 * Source: docs.github.com/rest/releases/releases#update-a-release.
 */
export async function changeReleaseBody(
  api: GitHubApi,
  tag: string,
  change: (body: string) => string,
): Promise<boolean> {
  const release = fieldsOf((await api.ask(BY_TAG, { tag })).data, 'the release');
  const before = textOrNone(release, 'body');
  const body = change(before);
  if (body === before) return false;
  await api.ask('PATCH /repos/{owner}/{repo}/releases/{release_id}', {
    release_id: countIn(release, 'id'),
    body,
  });
  return true;
}
