import { nextPage } from '@deploy-actions/http';
import { GitHubError } from './error.ts';
import { type WireOptions, openWire } from './wire.ts';

/** One answer of GitHub's API; nothing in it has been checked. */
export interface Answer {
  data: unknown;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
}

/** GitHub's API for one repository. */
export interface GitHubApi {
  /** `owner/name` */
  repository: string;
  /**
   * One call, such as `GET /repos/{owner}/{repo}/releases/tags/{tag}`; owner and repo are filled in, every parameter is
   * escaped. Throws GitHubError.
   */
  ask(route: string, parameters?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /**
   * All pages of a list, in their order; `items` names the list inside each page's object. At most `most` items (default
   * 1,000): then `complete` is false when there are more.
   */
  list(
    route: string,
    parameters?: Readonly<Record<string, unknown>>,
    options?: { items?: string; most?: number },
  ): Promise<{ items: readonly unknown[]; complete: boolean }>;
}

export interface GitHubOptions extends WireOptions {
  /** `owner/name` */
  repository: string;
  token: string;
}

/** Documented form of a call's answer; another one may differ. Source: docs.github.com "API Versions". */
const API_VERSION = '2022-11-28';

/**
 * Opens GitHub's API for one repository. @actions/github brings routes, escaping and answers, and is loaded at the first
 * call; what goes over the wire is ours.
 */
export function openGitHub(options: GitHubOptions): GitHubApi {
  const wire = openWire(options);
  const [owner = '', repo = ''] = options.repository.split('/');
  type Octokit = ReturnType<(typeof import('@actions/github'))['getOctokit']>;
  let opened: Promise<Octokit> | undefined;
  const open = async (): Promise<Octokit> => {
    const { getOctokit } = await import('@actions/github');
    return getOctokit(options.token, {
      baseUrl: options.apiUrl.replace(/\/+$/, ''),
      userAgent: 'deploy-actions',
      request: { fetch: wire },
      log: {
        debug: options.log.debug,
        info: options.log.debug,
        warn: options.log.debug,
        error: options.log.debug,
      },
    });
  };

  const ask: GitHubApi['ask'] = async (route, parameters = {}) => {
    const octokit = await (opened ??= open());
    try {
      const { data, headers } = await octokit.request(route, {
        // What a route does not name would become a query.
        ...(route.includes('{owner}') ? { owner, repo } : {}),
        ...parameters,
        headers: { 'x-github-api-version': API_VERSION },
      });
      return { data: data as unknown, headers: headers as Record<string, string> };
    } catch (error) {
      throw unwrapped(error);
    }
  };

  return {
    repository: options.repository,
    ask,
    async list(route, parameters = {}, { items: key, most = 1000 } = {}) {
      const items: unknown[] = [];
      let answer = await ask(route, parameters);
      for (let page = 1; ; page += 1) {
        const part = key === undefined ? answer.data : (answer.data as Record<string, unknown> | null)?.[key];
        if (!Array.isArray(part))
          throw new GitHubError(`the answer to ${route} holds no list`, { trouble: 'malformed' });
        items.push(...part.slice(0, most - items.length));
        const next = nextPage(answer.headers['link'], options.apiUrl);
        if (next === undefined) {
          // A part must never be taken for the whole.
          if (/\brel="?[^">]*\bnext\b/i.test(answer.headers['link'] ?? ''))
            throw new GitHubError(`the next page of ${route} is at another place`, { trouble: 'malformed' });
          return { items, complete: true };
        }
        // A list whose every page names a next one is not followed for ever.
        if (items.length >= most || page > most) return { items, complete: false };
        answer = await ask(`GET ${next.href}`);
      }
    },
  };
}

/** What @actions/github made of an error: our own as it was thrown, an answer of 400 or more as a GitHubError. */
function unwrapped(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { response, cause } = error as {
    response?: { status?: number; data?: unknown; headers?: Record<string, string> };
    cause?: unknown;
  };
  if (response === undefined) return cause ?? error;
  const { data } = response;
  const said =
    typeof data === 'object' && data !== null && 'message' in data && typeof data.message === 'string'
      ? data.message
      : '';
  return new GitHubError(`status ${response.status}${said === '' ? '' : `, "${said.slice(0, 300)}"`}`, {
    trouble: 'answered',
    status: response.status,
    needs: response.headers?.['x-accepted-github-permissions'],
  });
}
