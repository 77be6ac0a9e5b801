import { fieldsOf, listIn, textIn } from './answer.ts';
import type { GitHubApi } from './api.ts';

/**
 * The names of the assets that a published release has, those left out whose upload was not finished. Needs
 * `contents: read`; a draft is answered with 404. Source: docs.github.com/rest/releases/releases#get-a-release-by-tag-name.
 */
export async function releaseAssets(api: GitHubApi, tag: string): Promise<string[]> {
  const { data } = await api.ask('GET /repos/{owner}/{repo}/releases/tags/{tag}', { tag });
  return listIn(fieldsOf(data, 'the release'), 'assets')
    .map((item) => fieldsOf(item, 'an asset'))
    .filter((asset) => textIn(asset, 'state') === 'uploaded')
    .map((asset) => textIn(asset, 'name'));
}
