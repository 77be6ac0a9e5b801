import { expect, test } from '@jest/globals';
import { routesOf } from '../../../tooling/src/github-description.ts';
import { findRoot } from '../../../tooling/src/root.ts';
import { readDescription } from './description.ts';

const description = readDescription();
const headers = {
  accept: 'application/vnd.github.v3+json',
  'user-agent': 'test',
  'x-github-api-version': '2022-11-28',
};

test('the description holds exactly the calls that this package makes', () => {
  expect(description.routes).toEqual(routesOf(findRoot()));
});

const ask = async (line: string, body = '', given: Record<string, string> = headers) => {
  const [method = '', path = ''] = line.split(' ');
  const url = new URL(path, 'http://stub.example');
  const found = description.find(method, url.pathname);
  return found && (await description.wrongRequest(found, { method, url, headers: given, body }));
};

test('a request that GitHub would not take is told', async () => {
  expect(await ask('GET /repos/org/shop/commits/main/check-runs?filter=latest&per_page=100')).toEqual([]);
  expect(await ask('GET /repos/org/shop/commits/main/check-runs?filter=newest')).toHaveLength(1);
  expect(await ask('GET /repos/org/shop/commits/main/check-runs?per_page=many')).toHaveLength(1);
  expect(await ask('GET /repos/org/shop/commits/main/check-runs?sort=name')).toHaveLength(1);
  expect(await ask('GET /repos/org/shop/commits/main/check-runs', '', {})).toHaveLength(3);
  expect(await ask('POST /repos/org/shop/deployments', '{"ref":"main"}')).toEqual([]);
  expect(await ask('POST /repos/org/shop/deployments', '{"environment":"x"}')).not.toEqual([]);
  expect(await ask('POST /repos/org/shop/deployments', '{"ref":7}')).not.toEqual([]);
  expect(await ask('DELETE /repos/org/shop/deployments')).toBeUndefined();
});

test('an answer that GitHub would not give is told', async () => {
  const found = description.find('GET', '/repos/org/shop/commits/main/check-runs')!;
  const whole = description.complete(found, 200, { total_count: 1, check_runs: [{ name: 'build' }] }) as {
    check_runs: Record<string, unknown>[];
  };
  expect(whole.check_runs[0]).toMatchObject({ name: 'build', conclusion: null });
  expect(await description.wrongAnswer(found, 200, whole)).toEqual([]);
  for (const wrong of [{ status: 'odd' }, { conclusion: 'fine' }, { id: 'x' }, { started_at: 'yesterday' }]) {
    const answer = { ...whole, check_runs: [{ ...whole.check_runs[0], ...wrong }] };
    expect([wrong, await description.wrongAnswer(found, 200, answer)]).not.toEqual([wrong, []]);
  }
  expect(await description.wrongAnswer(found, 204, undefined)).toHaveLength(1);
});
