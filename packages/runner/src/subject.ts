/** The commit that a run is about, and where it stands. Nothing here is what happens to be checked out. */
export interface Subject {
  /** Empty where the event does not tell. */
  sha: string;
  /** The full ref, such as `refs/heads/main`, `refs/tags/v1.4.2` or `refs/pull/7/head`; empty where there is none. */
  ref: string;
  /** The short name: of the branch (of a pull request the one that it comes from) or of the tag. */
  refName: string;
  /** The branch's name; empty for a tag. */
  branch: string;
  /** The tag's name; empty for a branch. */
  tag: string;
  /** Who started it: of a run that was run again, who did that. */
  actor: string;
  /** The commit's message and author as the event tells them; of a pull request its title. Empty where it does not. */
  message: string;
  author: string;
  /** Number of the pull request; undefined for everything else. */
  pullRequest: number | undefined;
  /** `owner/name` of the repository that the commit comes from: a fork's for a fork's pull request. */
  headRepository: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Payload = Readonly<Record<string, unknown>>;

/**
 * Which commit a run is about, for every event: the one place that decides it.
 *
 * GITHUB_SHA and GITHUB_REF are right where the event is about a ref of this repository (push, release, schedule,
 * workflow_dispatch, deployment and so on). They are another commit where
 * - `workflow_run`, `check_run`, `check_suite` and `status` run on the default branch's last commit: what ran is in the payload;
 * - a pull request runs on a trial merge that is in no branch (`pull_request`), or on the base branch
 *   (`pull_request_target`): it is about the pull request's own head, and once merged about the merge commit.
 *
 * Source: docs.github.com "Events that trigger workflows" and "Webhook events and payloads".
 */
export function subjectOf(env: Environment, event: () => Payload): Subject {
  const own = ofEnvironment(env);
  switch (env['GITHUB_EVENT_NAME']) {
    case 'workflow_run':
      return ofWorkflowRun(own, object(event()['workflow_run']));
    case 'check_suite':
      return ofCheckSuite(own, object(event()['check_suite']));
    case 'check_run':
      return ofCheckSuite(own, object(object(event()['check_run'])['check_suite']));
    case 'status':
      return ofStatus(own, event());
    case 'pull_request':
    case 'pull_request_target':
    case 'pull_request_review':
    case 'pull_request_review_comment':
      return ofPullRequest(own, object(event()['pull_request']));
    case 'push':
      return ofPush(own, event());
    default:
      return own;
  }
}

function ofEnvironment(env: Environment): Subject {
  const names = named(env['GITHUB_REF'] ?? '');
  const head = env['GITHUB_HEAD_REF'] ?? '';
  return {
    ...names,
    ...(head === '' ? {} : { refName: head, branch: head }),
    sha: env['GITHUB_SHA'] ?? '',
    actor: env['GITHUB_TRIGGERING_ACTOR'] || env['GITHUB_ACTOR'] || '',
    message: '',
    author: '',
    pullRequest: undefined,
    headRepository: env['GITHUB_REPOSITORY'] ?? '',
  };
}

/** The names of a full ref. */
function named(ref: string): Pick<Subject, 'ref' | 'refName' | 'branch' | 'tag'> {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
  const short = name ?? ref.replace(/^refs\//, '');
  return { ref, refName: short, branch: kind === 'heads' ? short : '', tag: kind === 'tags' ? short : '' };
}

function ofPush(own: Subject, event: Payload): Subject {
  const head = object(event['head_commit']);
  // A push that removes a branch has no head, and another commit's message is no help.
  return string(head['id']) === own.sha ? { ...own, ...written(head) } : own;
}

/**
 * The run that started this one. Its `head_branch` is a tag's name where a tag was pushed, which the payload does not tell
 * apart from a branch; a release's always is one.
 */
function ofWorkflowRun(own: Subject, run: Payload): Subject {
  const sha = commit(run['head_sha']);
  const name = string(run['head_branch']);
  const head = object(run['head_commit']);
  const pull = run['event'] === 'pull_request' ? object(array(run['pull_requests'])[0]) : {};
  const headRepository = string(object(run['head_repository'])['full_name']);
  const names = named(name === '' ? '' : `refs/${run['event'] === 'release' ? 'tags' : 'heads'}/${name}`);
  return {
    ...names,
    // A fork's branch is no ref of this repository, though one here may have its name.
    ref: headRepository === own.headRepository ? names.ref : '',
    sha,
    actor: own.actor || login(run['triggering_actor']) || login(run['actor']),
    ...(sha !== '' && string(head['id']) === sha ? written(head) : { message: '', author: '' }),
    pullRequest: number(pull['number']),
    headRepository,
  };
}

function ofCheckSuite(own: Subject, suite: Payload): Subject {
  const sha = commit(suite['head_sha']);
  const name = string(suite['head_branch']);
  const head = object(suite['head_commit']);
  return {
    ...own,
    ...named(name === '' ? '' : `refs/heads/${name}`),
    sha,
    ...(sha !== '' && string(head['id']) === sha ? written(head) : {}),
    pullRequest: number(object(array(suite['pull_requests'])[0])['number']),
    // A suite of a fork's branch has no branch here.
    headRepository: name === '' ? '' : own.headRepository,
  };
}

function ofStatus(own: Subject, event: Payload): Subject {
  const sha = commit(event['sha']);
  const branches = array(event['branches']).map(object);
  const at = branches.find((branch) => object(branch['commit'])['sha'] === sha) ?? {};
  const name = string(at['name']);
  return { ...own, ...named(name === '' ? '' : `refs/heads/${name}`), sha };
}

function ofPullRequest(own: Subject, pull: Payload): Subject {
  const head = object(pull['head']);
  const sha = commit(head['sha']);
  if (sha === '') return own;
  const about = {
    message: string(pull['title']),
    author: login(pull['user']),
    pullRequest: number(pull['number']),
  };
  const merged = pull['merged'] === true ? commit(pull['merge_commit_sha']) : '';
  if (merged !== '') {
    const base = string(object(pull['base'])['ref']);
    return { ...own, ...about, ...named(base === '' ? '' : `refs/heads/${base}`), sha: merged };
  }
  const branch = string(head['ref']);
  return {
    ...own,
    ...about,
    sha,
    ref: about.pullRequest === undefined ? '' : `refs/pull/${about.pullRequest}/head`,
    refName: branch,
    branch,
    tag: '',
    // The repository of a fork that was deleted is null.
    headRepository: string(object(head['repo'])['full_name']),
  };
}

/** What a commit of a payload says, and who wrote it. */
function written(head: Payload): Pick<Subject, 'message' | 'author'> {
  const author = object(head['author']);
  return { message: string(head['message']), author: string(author['username']) || string(author['name']) };
}

const object = (value: unknown): Payload =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Payload) : {};
const array = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const string = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
const login = (value: unknown): string => string(object(value)['login']);

/** The name of a commit (SHA-1 or SHA-256 in hexadecimal); empty for anything else. */
const commit = (value: unknown): string => {
  const text = string(value);
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : '';
};
