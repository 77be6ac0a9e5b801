/** A repository as the stub of GitHub's API knows it; a test changes it as it likes. */
export interface Repository {
  /** `owner/name` */
  name: string;
  /** Oldest first; a commit without parents of its own follows the one before it. */
  commits: StubCommit[];
  branches: { name: string; sha: string; protected?: boolean; protection?: object }[];
  /** In the order in which GitHub happens to answer them. */
  tags: { name: string; sha: string; annotated?: boolean }[];
  /** The entries of `rules/branches/{branch}`, by branch. */
  rules: Record<string, object[]>;
  checkRuns: StubCheckRun[];
  statuses: { sha: string; context: string; state: 'success' | 'pending' | 'failure' | 'error' }[];
  pulls: StubPull[];
  releases: { tag: string; body?: string; assets: { name: string; state?: 'uploaded' | 'open' }[] }[];
  deployments: StubDeployment[];
  runs: StubRun[];
  /** Of all pull requests, oldest first. */
  comments: { pull: number; author: string; body: string }[];
  approvals: {
    user: string;
    state: 'approved' | 'rejected' | 'pending';
    comment: string;
    environment: string;
  }[];
}

export interface StubCommit {
  sha: string;
  message: string;
  /** A login. */
  author?: string;
  /** RFC 3339. */
  committedAt?: string;
  parents?: string[];
}

export interface StubCheckRun {
  sha: string;
  name: string;
  /** Default `completed`. */
  status?: 'queued' | 'in_progress' | 'completed';
  conclusion?: string | null;
  /** Check suite; default 1. */
  suite?: number;
  /** App; default 15368, which is GitHub Actions. */
  app?: number;
  /** The workflow run that it belongs to. */
  run?: number;
}

export interface StubPull {
  number: number;
  title: string;
  author: string;
  /** The commits that it holds or brought. */
  commits: string[];
  merged?: boolean;
}

export interface StubDeployment {
  id: number;
  sha: string;
  environment: string;
  payload: unknown;
  description: string | null;
  statuses: { state: string; log_url?: string; description?: string; environment_url?: string }[];
}

export interface StubRun {
  id: number;
  workflow: number;
  number: number;
  branch: string;
  conclusion: string | null;
}

/** A commit's name for tests: 40 digits of one character. */
export function shaOf(character: string): string {
  return character.repeat(40).slice(0, 40);
}

export function emptyRepository(change: Partial<Repository> = {}): Repository {
  return {
    name: 'org/shop',
    commits: [],
    branches: [],
    tags: [],
    rules: {},
    checkRuns: [],
    statuses: [],
    pulls: [],
    releases: [],
    deployments: [],
    runs: [],
    comments: [],
    approvals: [],
    ...change,
  };
}

/** The commits that `head` reaches and `base` does not, oldest first. */
export function between(repository: Repository, base: string | undefined, head: string): StubCommit[] {
  const behind = base === undefined ? new Set<string>() : reach(repository, base);
  const ahead = reach(repository, head);
  return repository.commits.filter((commit) => ahead.has(commit.sha) && !behind.has(commit.sha));
}

export function parentsOf(repository: Repository, commit: StubCommit): string[] {
  if (commit.parents) return commit.parents;
  const before = repository.commits[repository.commits.indexOf(commit) - 1];
  return before ? [before.sha] : [];
}

function reach(repository: Repository, from: string): Set<string> {
  const reached = new Set<string>();
  const open = [from];
  for (let sha = open.pop(); sha !== undefined; sha = open.pop()) {
    const commit = repository.commits.find((one) => one.sha === sha);
    if (commit === undefined || reached.has(sha)) continue;
    reached.add(sha);
    open.push(...parentsOf(repository, commit));
  }
  return reached;
}

/** The commit that a name stands for: a commit's own, a branch's or a tag's. */
export function resolveName(repository: Repository, name: string): string | undefined {
  const short = name.replace(/^refs\/(heads|tags)\//, '');
  return (
    repository.commits.find(({ sha }) => sha === name)?.sha ??
    repository.branches.find((branch) => branch.name === short)?.sha ??
    repository.tags.find((tag) => tag.name === short)?.sha
  );
}
