import { openHttp } from '@deploy-actions/http';
import { fakeClock, memoryLog } from '@deploy-actions/kit/testing';
import { type GitHubApi, type GitHubOptions, openGitHub } from '../api.ts';
import type { Repository } from './repository.ts';
import { type GitHubStub, startGitHub } from './stub.ts';

export interface GitHubRig {
  api: GitHubApi;
  stub: GitHubStub;
  log: ReturnType<typeof memoryLog>;
  clock: ReturnType<typeof fakeClock>;
  close(): Promise<void>;
}

/** The API of a stub's repository, on a clock that waits no real time. */
export async function rigGitHub(
  repository: Partial<Repository> = {},
  permissions: GitHubStub['permissions'] = { contents: 'read' },
  change: Partial<GitHubOptions> = {},
): Promise<GitHubRig> {
  const stub = await startGitHub(repository);
  stub.permissions = permissions;
  const [log, clock, http] = [memoryLog(), fakeClock(), openHttp()];
  const api = openGitHub({
    repository: stub.repository.name,
    apiUrl: stub.url,
    token: stub.token,
    exchange: http,
    clock,
    log,
    random: () => 0.5,
    ...change,
  });
  return {
    api,
    stub,
    log,
    clock,
    async close() {
      await http.close();
      await stub.close();
    },
  };
}
