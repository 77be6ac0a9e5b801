export { type TestRelease, deployRelease } from './deployed.ts';
export { deployCluster } from './deployed-cluster.ts';
export { type FakeDocker, fakeDocker } from './docker-host.ts';
export {
  type DockerServer,
  type DockerServers,
  type HostWith,
  type ServerShell,
  dockerServers,
} from './docker-servers.ts';
export { runningContainer } from './running-container.ts';
export { twoManagers } from './two-managers.ts';
