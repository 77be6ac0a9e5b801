import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Asked, type Described, type Description, readDescription } from './description.ts';
import { type Made, ABSENT, writtenReply } from './written.ts';
import {
  type Repository,
  type StubCommit,
  between,
  emptyRepository,
  parentsOf,
  resolveName,
} from './repository.ts';

/** What a token of a job may have. */
export type Permission =
  'actions' | 'administration' | 'checks' | 'contents' | 'deployments' | 'pull-requests' | 'statuses';

/** An answer of a test's own, in the place of the stub's. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: unknown;
}

export interface GitHubStub {
  /** For GITHUB_API_URL. */
  url: string;
  token: string;
  repository: Repository;
  permissions: Partial<Record<Permission, 'read' | 'write'>>;
  /** `GET /repos/org/shop/…?…`, in the order in which they came. */
  requests: string[];
  /** What GitHub would not have taken or answered; a test expects none. */
  violations: string[];
  /** Asked before each answer; an answer of its own goes out in its place, `undefined` lets the stub answer. */
  intercept: ((request: string, asked: Asked) => Reply | undefined) | undefined;
  close(): Promise<void>;
}

/** What each call needs of a token. Source: docs.github.com "Permissions required for fine-grained personal access tokens". */
const NEEDS: readonly (readonly [pattern: RegExp, permission: Permission, level: 'read' | 'write'])[] = [
  [/^GET .*\/check-runs$/, 'checks', 'read'],
  [/^GET .*\/commits\/\{ref\}\/status$/, 'statuses', 'read'],
  [/^GET .*\/pulls$/, 'pull-requests', 'read'],
  [/^GET .*\/protection\//, 'administration', 'read'],
  [/^GET .*\/actions\//, 'actions', 'read'],
  [/^GET .*\/deployments/, 'deployments', 'read'],
  [/^POST .*\/deployments/, 'deployments', 'write'],
  [/^GET .*\/issues\//, 'pull-requests', 'read'],
  [/^(POST|PATCH) .*\/issues\//, 'pull-requests', 'write'],
  [/^PATCH .*\/releases\//, 'contents', 'write'],
  [/^GET /, 'contents', 'read'],
];

const TOKEN = 'ghs_a-token-for-tests-000000000000000000';

/**
 * GitHub's API for one repository, on loopback. Every request and every answer is held against GitHub's own description;
 * what a repository leaves open in an answer is filled in from it.
 */
export async function startGitHub(change: Partial<Repository> = {}): Promise<GitHubStub> {
  const description = readDescription();
  const stub: GitHubStub = {
    url: '',
    token: TOKEN,
    repository: emptyRepository(change),
    permissions: { contents: 'read' },
    requests: [],
    violations: [],
    intercept: undefined,
    close: async () => {},
  };
  const server = createServer((request, response) => {
    read(request)
      .then((body) => answer(stub, description, request, response, body))
      .catch((error: unknown) => {
        stub.violations.push(String(error));
        response.destroy();
      });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  stub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  stub.close = () =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return stub;
}

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  return body;
}

async function answer(
  stub: GitHubStub,
  description: Description,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const url = new URL(request.url ?? '/', stub.url);
  const asked: Asked = { method: request.method ?? 'GET', url, headers: request.headers, body };
  const line = `${asked.method} ${url.pathname}${url.search}`;
  stub.requests.push(line);
  const send = ({ status, headers = {}, body: sent }: Reply) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(sent === undefined ? '' : typeof sent === 'string' ? sent : JSON.stringify(sent));
  };

  const own = stub.intercept?.(line, asked);
  if (own !== undefined) return send(own);
  const described = description.find(asked.method, url.pathname);
  if (described === undefined) {
    stub.violations.push(`${line}: packages/github names no such call`);
    return send({ status: 404, body: { message: 'Not Found' } });
  }
  stub.violations.push(...(await description.wrongRequest(described, asked)));
  const refusal = refuse(stub, described, asked);
  if (refusal) return send(refusal);

  const { status, part, key } = replyOf(stub, described, asked);
  const whole = description.complete(described, status, part);
  stub.violations.push(...(await description.wrongAnswer(described, status, whole)));
  const isPaged = described.operation.parameters.some(({ name }) => name === 'page');
  const { page, next }: ReturnType<typeof paged> = isPaged ? paged(whole, key, url) : { page: whole };
  send({
    status,
    headers: next === undefined ? {} : { link: `<${next}>; rel="next"` },
    body: page,
  });
}

function refuse(
  { token, permissions, repository }: GitHubStub,
  { route, parameters }: Described,
  asked: Asked,
): Reply | undefined {
  const given = /^(?:token|bearer) (.+)$/i.exec(String(asked.headers['authorization'] ?? ''))?.[1];
  if (given !== token) return { status: 401, body: { message: 'Bad credentials' } };
  if (`${parameters['owner']}/${parameters['repo']}` !== repository.name)
    return { status: 404, body: { message: 'Not Found' } };
  const [, permission, level] = NEEDS.find(([pattern]) => pattern.test(route))!;
  const has = permissions[permission];
  if (has === 'write' || has === level) return undefined;
  return {
    status: 403,
    headers: { 'x-accepted-github-permissions': `${permission.replace('-', '_')}=${level}` },
    body: { message: 'Resource not accessible by integration', status: '403' },
  };
}

/** What the repository answers to a call. */
function replyOf(stub: GitHubStub, { route, parameters }: Described, asked: Asked): Made {
  const { repository } = stub;
  const name = parameters['branch'] ?? parameters['ref'] ?? '';
  switch (route.replace('/repos/{owner}/{repo}', '')) {
    case 'GET /commits/{ref}/check-runs': {
      const runs = repository.checkRuns.filter((run) => run.sha === resolveName(repository, name));
      return {
        status: 200,
        key: 'check_runs',
        part: { total_count: runs.length, check_runs: runs.map((run, index) => runPart(stub, run, index)) },
      };
    }
    case 'GET /commits/{ref}/status': {
      const sha = resolveName(repository, name);
      const statuses = repository.statuses.filter((status) => status.sha === sha);
      const state =
        statuses.every((one) => one.state === 'success') && statuses.length > 0 ? 'success' : 'pending';
      return {
        status: 200,
        key: 'statuses',
        part: {
          state,
          sha,
          total_count: statuses.length,
          statuses: statuses.map(({ context, state: word }) => ({ context, state: word })),
        },
      };
    }
    case 'GET /rules/branches/{branch}':
      return { status: 200, part: repository.rules[name] ?? [] };
    case 'GET /branches/{branch}': {
      const branch = repository.branches.find((one) => one.name === name);
      if (branch === undefined) return ABSENT;
      const protection = branch.protection ?? {};
      return { status: 200, part: { name, protected: branch.protected ?? false, protection } };
    }
    case 'GET /branches/{branch}/protection/required_status_checks':
      return ABSENT;
    case 'GET /git/matching-refs/{ref}':
      return { status: 200, part: repository.tags.map((tag) => refPart(tag)) };
    case 'GET /git/ref/{ref}': {
      const tag = repository.tags.find((one) => `tags/${one.name}` === name);
      return tag === undefined ? ABSENT : { status: 200, part: refPart(tag) };
    }
    case 'GET /git/tags/{tag_sha}': {
      const tag = repository.tags.find(
        (one) => one.annotated && tagObject(one.name) === parameters['tag_sha'],
      );
      if (tag === undefined) return ABSENT;
      return {
        status: 200,
        part: { tag: tag.name, sha: parameters['tag_sha'], object: { type: 'commit', sha: tag.sha } },
      };
    }
    case 'GET /compare/{basehead}': {
      const [base, head] = (parameters['basehead'] ?? '')
        .split('...')
        .map((one) => resolveName(repository, one));
      if (base === undefined || head === undefined) return ABSENT;
      const commits = between(repository, base, head);
      const part = {
        status: 'ahead',
        ahead_by: commits.length,
        total_commits: commits.length,
        commits: commits.map((one) => commitPart(repository, one)),
      };
      return { status: 200, part, key: 'commits' };
    }
    case 'GET /commits': {
      const head = resolveName(repository, asked.url.searchParams.get('sha') ?? '');
      if (head === undefined) return ABSENT;
      return {
        status: 200,
        part: between(repository, undefined, head)
          .reverse()
          .map((one) => commitPart(repository, one)),
      };
    }
    case 'GET /commits/{commit_sha}/pulls': {
      const pulls = repository.pulls.filter((pull) => pull.commits.includes(parameters['commit_sha'] ?? ''));
      return {
        status: 200,
        part: pulls.map(({ number, title, author, merged }) => ({
          number,
          title,
          user: { login: author },
          merged_at: merged === false ? null : '2026-01-02T03:04:05Z',
        })),
      };
    }
    case 'GET /releases/tags/{tag}': {
      const release = repository.releases.find((one) => one.tag === parameters['tag']);
      if (release === undefined) return ABSENT;
      const assets = release.assets.map(({ name: asset, state }) => ({
        name: asset,
        state: state ?? 'uploaded',
      }));
      const id = repository.releases.indexOf(release) + 1;
      return { status: 200, part: { id, tag_name: release.tag, body: release.body ?? null, assets } };
    }
    case 'GET /actions/runs/{run_id}': {
      const run = repository.runs.find((one) => one.id === Number(parameters['run_id']));
      if (run === undefined) return ABSENT;
      return {
        status: 200,
        part: {
          id: run.id,
          workflow_id: run.workflow,
          run_number: run.number,
          head_branch: run.branch,
          conclusion: run.conclusion,
        },
      };
    }
    case 'GET /actions/workflows/{workflow_id}/runs': {
      const branch = asked.url.searchParams.get('branch');
      const runs = repository.runs.filter(
        (run) =>
          run.workflow === Number(parameters['workflow_id']) &&
          run.conclusion !== null &&
          (branch === null || run.branch === branch),
      );
      return {
        status: 200,
        key: 'workflow_runs',
        part: {
          total_count: runs.length,
          workflow_runs: runs.map(({ id, workflow, number, branch: on, conclusion }) => ({
            id,
            workflow_id: workflow,
            run_number: number,
            head_branch: on,
            conclusion,
          })),
        },
      };
    }
    default:
      return writtenReply(stub, route, parameters, asked);
  }
}

function runPart(
  { url, repository }: GitHubStub,
  run: Repository['checkRuns'][number],
  index: number,
): object {
  const { name, status = 'completed', conclusion = status === 'completed' ? 'success' : null } = run;
  const page = `${url}/${repository.name}/actions/runs/${run.run ?? 1}/job/${index + 1}`;
  return {
    id: index + 1,
    name,
    status,
    conclusion,
    check_suite: { id: run.suite ?? 1 },
    app: { id: run.app ?? 15368 },
    details_url: page,
    html_url: page,
  };
}

function refPart(tag: Repository['tags'][number]): object {
  const object = tag.annotated ? { type: 'tag', sha: tagObject(tag.name) } : { type: 'commit', sha: tag.sha };
  return { ref: `refs/tags/${tag.name}`, object };
}

/** The object of an annotated tag. */
function tagObject(name: string): string {
  return Buffer.from(name.padEnd(20, '.')).toString('hex').slice(0, 40);
}

function commitPart(repository: Repository, commit: StubCommit): object {
  return {
    sha: commit.sha,
    commit: {
      message: commit.message,
      author: { name: commit.author ?? 'Somebody' },
      committer: { date: commit.committedAt ?? '2026-01-01T00:00:00Z' },
    },
    author: commit.author === undefined ? null : { login: commit.author },
    parents: parentsOf(repository, commit).map((sha) => ({ sha })),
  };
}

/** One page of a list, and where the next one is. */
function paged(whole: unknown, key: string | undefined, url: URL): { page: unknown; next?: string } {
  const list = key === undefined ? whole : (whole as Record<string, unknown>)[key];
  if (!Array.isArray(list)) return { page: whole };
  const size = Number(url.searchParams.get('per_page') ?? 30);
  const number = Number(url.searchParams.get('page') ?? 1);
  const part = list.slice((number - 1) * size, number * size);
  const page = key === undefined ? part : { ...(whole as object), [key]: part };
  if (number * size >= list.length) return { page };
  const next = new URL(url);
  next.searchParams.set('page', String(number + 1));
  return { page, next: next.href };
}
