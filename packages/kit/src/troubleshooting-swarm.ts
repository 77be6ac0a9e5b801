import type { Explanation } from './explanation.ts';

/** Failures of a swarm. */
export const SWARM = {
  'stack-not-restorable': {
    meaning:
      'A stack of a swarm is to be taken over, and one of its services could not be brought back as it runs: a job, which would run again, or an image by a tag that is not known to mean one image.',
    remedy: 'Do what the message says to that service, and deploy again.',
  },
  'stack-changed': {
    meaning: 'Somebody changed the stack that is to be taken over while the deployment looked at it.',
    remedy: 'Deploy again.',
  },
  'update-under-way': {
    meaning:
      'A service of the stack that is to be taken over is in an update that has not ended, or stands still.',
    remedy: 'Wait until it has ended, or end it with `docker service rollback`, and deploy again.',
  },
  'mode-differs': {
    meaning:
      'A service of a swarm is replicated and is to be on every node, or the other way round: Swarm changes no service from one to the other.',
    remedy: 'Keep `deploy.mode`, or give the service another name.',
  },
  'no-cluster': {
    meaning: '`engine: swarm`, and the server is in no swarm.',
    remedy:
      '`docker swarm init` on the first server, and on the others what `docker swarm join-token worker` prints.',
  },
  'no-manager': {
    meaning: '`engine: swarm`, and the first `host` is a worker of its swarm.',
    remedy: 'Name a manager first: `docker node ls` shows which they are.',
  },
  'no-quorum': {
    meaning: 'The swarm has no leader: half of its managers or more are down. What runs goes on running.',
    remedy: 'Bring managers back; `docker node ls` answers again then.',
  },
  'cluster-locked': {
    meaning: 'The swarm is locked (autolock) since the engine of that server was started anew.',
    remedy: '`docker swarm unlock` on the server. Its key is never asked for.',
  },
  'other-cluster': {
    meaning: '`host` names servers of two swarms.',
    remedy: 'Name the nodes of one: `docker node ls` on a manager shows them.',
  },
  'no-ipvs': {
    meaning:
      'A port is published on the swarm’s mesh, and the kernel of a node has no IPVS: all would look well, and no request be answered.',
    remedy: '`modprobe ip_vs`, or publish the port with `mode: host`.',
  },
  'mount-missing': {
    meaning: 'A service of a swarm mounts what is not on every node that may get its tasks.',
    remedy:
      'Make it there, send it with `files`, or keep the service on its node with `deploy.placement.constraints`.',
  },
  'plain-unreachable': {
    meaning:
      'A stack in place is to get its first colour beside it, and the proxies could not find it: they reach a colour in a swarm as `<service>-blue`, and what is deployed in place is not called so.',
    remedy:
      'Deploy once more without `color`, with the alias that the message names in the Compose file, and after that with `color`. [To blue-green](blue-green.md#in-a-swarm).',
  },
  'volume-elsewhere': {
    meaning:
      'With `engine: swarm` a command of yours would run in a container of a service whose data are on another node than the manager that deploys: it would get an empty volume there.',
    remedy:
      'Name a service that has no such volume and reaches the other one over their network, or name that node first in `host`, if it is a manager.',
  },
  'command-cut-off': {
    meaning:
      'With `engine: swarm` the manager that deployed or rolled back went down while a command of yours, or a service that runs once, was under way on it. Another manager would go on, and cannot know whether the command has ended.',
    remedy: 'Look at what it was to do, and start a new workflow run: there it runs again.',
  },
  'cluster-led': {
    meaning:
      'With `engine: swarm` another manager changes the services of the project, or was cut off while it did and is up again.',
    remedy:
      'Wait for its end. If it was cut off, name it in `host` as well: the next deployment or rollback lets it finish or give back first.',
  },
  'lead-lost': {
    meaning:
      'With `engine: swarm` the manager was cut off or stood still in the middle of a deployment or a rollback, and another one has gone on with it. This one does nothing more.',
    remedy: 'Look at what runs with `status: true`; the other manager’s run says how it ended.',
  },
  'network-not-attachable': {
    meaning:
      'With `engine: swarm` commands and services that run once are plain containers on the manager, and a network that one of them is on was made without `--attachable`, as `docker stack deploy` makes one.',
    remedy:
      'Make the network anew with `docker network create --driver overlay --attachable`, or put the service on another one.',
  },
} satisfies Record<string, Explanation>;
