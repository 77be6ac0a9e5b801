import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import type { DockerServer } from '@deploy-actions/release/testing';
import { type Deployed, deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(180_000);

const hostWith = hostsForEach(afterEach);

const digestOf = (number: number) => `sha256:${String(number).padStart(64, '0')}`;
const imageOf = (service: number, version: number) =>
  `registry.test/shop/s${service}@${digestOf(1000 * version + service)}`;

/** A stack of so many services, each with an image of its own, on a manager and so many workers. */
function swarmOf(nodes: number, services: number) {
  const names = Array.from({ length: nodes }, (_, index) => (index === 0 ? 'm1' : `w${index}`));
  const rig = deployRig(names, hostWith);
  const each = Array.from({ length: services }, (_, index) => index);
  const registry = Object.fromEntries(
    [1, 2].flatMap((version) =>
      each.map((service) => {
        const digest = digestOf(1000 * version + service);
        return [imageOf(service, version), { id: digest, digest }];
      }),
    ),
  );
  for (const [index, name] of names.entries())
    rig.servers[name]!.docker.script({
      registry,
      swarm: index === 0 ? { nodes: names } : { nodes: [name], manager: false },
    });
  const servers = names.map((name) => rig.servers[name]!);
  return {
    servers,
    /** What a deployment of a version asks of the engine of each server, and how many connections it opens to it. */
    async counted(
      version: number,
    ): Promise<{ calls: string[][]; connections: number[]; deployed: Deployed }> {
      rig.compose(
        `name: shop\nservices:\n${each.map((service) => `  s${service}: { image: '${imageOf(service, version)}' }\n`).join('')}`,
      );
      const before = servers.map(({ docker, sessions }) => [docker.calls().length, sessions.length] as const);
      const deployed = await rig.deploy(`v${version}`, { engine: 'swarm' });
      well(deployed);
      return {
        calls: servers.map(({ docker }, index) => docker.calls().slice(before[index]![0])),
        connections: servers.map(({ sessions }, index) => sessions.length - before[index]![1]),
        deployed,
      };
    },
  };
}

/** Without those that an image needs for itself: it is pulled, and gets a name. */
const beside = (calls: readonly string[]) => calls.filter((call) => !/^(?:pull|tag) /.test(call)).length;
const current = ({ host }: DockerServer) => path.basename(readlinkSync(path.join(host.path, 'current')));

test('what an upgrade and a no-op ask of each server does not grow with its services, beside pulls and names of images', async () => {
  const [few, many] = [swarmOf(2, 1), swarmOf(2, 12)];
  const figures: Record<string, number[][]> = {};
  for (const [name, swarm] of Object.entries({ few, many })) {
    await swarm.counted(1);
    const upgrade = await swarm.counted(2);
    const unchanged = await swarm.counted(2);
    expect(unchanged.deployed.outputs.outcome).toBe('unchanged');
    expect([...upgrade.connections, ...unchanged.connections]).toEqual([1, 1, 1, 1]);
    figures[name] = [upgrade.calls.map(beside), unchanged.calls.map(beside)];
  }
  const [[fewManager, fewWorker], fewUnchanged] = figures['few']! as [number[], number[]];
  const [[manyManager, manyWorker], manyUnchanged] = figures['many']! as [number[], number[]];
  expect(manyUnchanged).toEqual(fewUnchanged);
  // Of the images that are not here yet each is asked for once more, to know which they are.
  expect(manyManager! - fewManager!).toBeLessThanOrEqual(12);
  expect(manyWorker! - fewWorker!).toBeLessThanOrEqual(12);
});

test('what is asked of a server does not grow with the number of nodes', async () => {
  const [two, four] = [swarmOf(2, 2), swarmOf(4, 2)];
  await two.counted(1);
  await four.counted(1);
  const [ofTwo, ofFour] = [await two.counted(2), await four.counted(2)];
  expect(ofFour.calls.slice(0, 2).map((calls) => calls.length)).toEqual(
    ofTwo.calls.map((calls) => calls.length),
  );
  expect(ofFour.connections).toEqual([1, 1, 1, 1]);
  expect(new Set(four.servers.map(current)).size).toBe(1);
});
