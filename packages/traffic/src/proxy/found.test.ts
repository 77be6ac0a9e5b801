import { afterEach, expect, jest, test } from '@jest/globals';
import { ENGINE_CONTAINERS } from '@deploy-actions/engine';
import { inspect } from '@deploy-actions/host';
import { testInspection } from '@deploy-actions/host/testing';
import { shopsForEach } from '../testing/index.ts';
import { FOUND } from './shared.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const shops = shopsForEach(afterEach);

test('a command of several lines is not taken for a proxy by one of them', async () => {
  const { servers } = await shops(['web']);
  await servers.web.putVersions();
  const { fields } = await inspect(servers.web.host.session(), {
    path: servers.web.host.path,
    passing: true,
    program: testInspection({
      body: `${ENGINE_CONTAINERS.source()}${FOUND.source()}
inspect() {
  found_ids=$(engine_ids shop)
  result known "$(engine_programs $found_ids | wc -l | tr -d ' ')"
  result all "$(printf '%s\\n' $found_ids | wc -l | tr -d ' ')"
  result found "$(found_in_containers "$found_ids")"
}`,
      parameters: { proxy_kinds: 'nginx caddy' },
    }),
  });
  expect(fields['all']).not.toBe('0');
  expect(fields['known']).toBe(fields['all']);
  expect(fields['found']).toBe('');
});
