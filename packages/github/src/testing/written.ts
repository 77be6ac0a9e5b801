import type { Asked, Described } from './description.ts';
import type { Repository } from './repository.ts';

/** What the stub answers, before the description fills in the rest. */
export interface Made {
  status: number;
  /** What the repository says; the description fills in the rest. */
  part: unknown;
  /** The list inside the answer, where the answer is none itself. */
  key?: string;
}

export const ABSENT: Made = {
  status: 404,
  part: { message: 'Not Found', documentation_url: '', status: '404' },
};

/** What the repository answers to a call about what others than its commits leave in it: deployments, comments, reviews. */
export function writtenReply(
  { repository, url }: { repository: Repository; url: string },
  route: string,
  parameters: Described['parameters'],
  asked: Asked,
): Made {
  const known = repository.deployments.find((one) => one.id === Number(parameters['deployment_id']));
  const query = (key: string) => asked.url.searchParams.get(key);
  const part = (one: Repository['deployments'][number]) => ({
    id: one.id,
    sha: one.sha,
    ref: one.sha,
    environment: one.environment,
    payload: one.payload,
    description: one.description,
  });
  const comment = (one: Repository['comments'][number]) => {
    const id = repository.comments.indexOf(one) + 1;
    const address = `${url}/${repository.name}/pull/${one.pull}#issuecomment-${id}`;
    return { id, body: one.body, html_url: address, user: { login: one.author } };
  };
  switch (route.replace('/repos/{owner}/{repo}', '')) {
    case 'GET /deployments':
      return {
        status: 200,
        part: repository.deployments
          .filter((one) => one.environment === query('environment') && (query('sha') ?? one.sha) === one.sha)
          .reverse()
          .map(part),
      };
    case 'POST /deployments': {
      const wanted = JSON.parse(asked.body) as Record<string, unknown>;
      // The defaults that bite: a merge of the default branch, and a wait for every context.
      if (wanted['auto_merge'] !== false)
        return { status: 202, part: { message: 'Auto-merged main into it' } };
      if (!Array.isArray(wanted['required_contexts']) || wanted['required_contexts'].length > 0)
        return { status: 409, part: { message: 'Commit status checks failed' } };
      const made = {
        id: 100 + repository.deployments.length,
        sha: String(wanted['ref']),
        environment: String(wanted['environment'] ?? 'production'),
        payload: wanted['payload'],
        description: typeof wanted['description'] === 'string' ? wanted['description'] : null,
        statuses: [],
      };
      repository.deployments.push(made);
      return { status: 201, part: part(made) };
    }
    case 'GET /deployments/{deployment_id}/statuses':
      return known === undefined ? ABSENT : { status: 200, part: [...known.statuses].reverse() };
    case 'POST /deployments/{deployment_id}/statuses': {
      if (known === undefined) return ABSENT;
      const status = JSON.parse(asked.body) as Repository['deployments'][number]['statuses'][number];
      known.statuses.push(status);
      return { status: 201, part: { state: status.state } };
    }
    case 'GET /issues/{issue_number}/comments': {
      const own = repository.comments.filter((one) => one.pull === Number(parameters['issue_number']));
      return { status: 200, part: own.map(comment) };
    }
    case 'POST /issues/{issue_number}/comments': {
      const { body } = JSON.parse(asked.body) as { body: string };
      const made = { pull: Number(parameters['issue_number']), author: 'github-actions[bot]', body };
      repository.comments.push(made);
      return { status: 201, part: comment(made) };
    }
    case 'PATCH /issues/comments/{comment_id}': {
      const changed = repository.comments[Number(parameters['comment_id']) - 1];
      if (changed === undefined) return ABSENT;
      changed.body = (JSON.parse(asked.body) as { body: string }).body;
      return { status: 200, part: comment(changed) };
    }
    case 'PATCH /releases/{release_id}': {
      const release = repository.releases[Number(parameters['release_id']) - 1];
      if (release === undefined) return ABSENT;
      const change = JSON.parse(asked.body) as Record<string, unknown>;
      // What else GitHub would change: the tag, the commit, whether it is published.
      const others = Object.keys(change).filter((key) => key !== 'body');
      if (others.length > 0) throw new Error(`a change of the release's ${others.join(', ')}`);
      release.body = String(change['body']);
      return {
        status: 200,
        part: { id: Number(parameters['release_id']), tag_name: release.tag, body: release.body },
      };
    }
    case 'GET /actions/runs/{run_id}/approvals':
      return {
        status: 200,
        part: repository.approvals.map(({ user, state, comment: said, environment }) => ({
          user: { login: user },
          state,
          comment: said,
          environments: [{ name: environment }],
        })),
      };
    default:
      throw new Error(`the stub cannot answer ${route}`);
  }
}
