import type { Explanation } from './explanation.ts';
import type { FailureCode } from './failure-code.ts';
import { IMAGES } from './troubleshooting-images.ts';
import { SWARM } from './troubleshooting-swarm.ts';
import { TRAFFIC } from './troubleshooting-traffic.ts';

/** What each code means and what to do. docs/troubleshooting.md is made of these. */
export const TROUBLESHOOTING: Readonly<Record<FailureCode, Explanation>> = {
  'input-wrong': {
    meaning: 'An input of the workflow, or a file that it names, is not as it must be.',
    remedy: 'The message names the input, the line and what would be right.',
  },
  'request-refused': {
    meaning: 'A server or a service said no.',
    remedy: 'The message says what to grant or to change.',
  },
  unhealthy: {
    meaning: 'It runs, and it is not well.',
    remedy: 'Look at the evidence below the message: states, health checks, last lines of the log.',
  },
  'command-failed': {
    meaning: 'A command failed.',
    remedy: 'The message has its exit code, and what it printed is below.',
  },
  lost: {
    meaning: 'The connection to a server or a service ended before the answer was known.',
    remedy:
      'Run the job again. What was started on the server goes on there by itself, and a run with the same deployment id finds it.',
  },
  busy: {
    meaning: 'Somebody else is at work there.',
    remedy: 'Wait for that run, or raise the limit of the wait.',
  },

  'unknown-name': {
    meaning: 'DNS does not know the name of the server.',
    remedy: 'Correct `host`.',
  },
  unreachable: {
    meaning: 'No packet reaches the server.',
    remedy: 'Check the address, the firewall, and a jump host where one is needed.',
  },
  'connection-refused': {
    meaning: 'Nothing listens on that port of the server.',
    remedy: 'Check the port, and that sshd runs.',
  },
  'connect-timed-out': {
    meaning: 'The server did not answer in time.',
    remedy: 'Check the address, the port and the firewall.',
  },
  'not-ssh': {
    meaning: 'What answers there is no SSH server that we can talk to.',
    remedy: 'Check the port; an old server may speak no algorithm that is still safe.',
  },
  'host-key-unknown': {
    meaning: 'No host key is pinned for this server.',
    remedy: 'Compare the key that the message shows with the server’s own, and put it into `known-hosts`.',
  },
  'host-key-mismatch': {
    meaning: 'The server has another host key than the pinned one.',
    remedy:
      'Find out whether it was set up anew. Only then pin the new key: otherwise somebody may stand between.',
  },
  'host-key-revoked': {
    meaning: 'The host key of the server is marked as revoked.',
    remedy: 'Give the server a new key and pin that one.',
  },
  'auth-refused': {
    meaning: 'The server does not let this key in.',
    remedy: 'Add the public key to `authorized_keys` of the login user, and check `user`.',
  },
  'bad-key': {
    meaning: '`ssh-key` is not a private key that can be read.',
    remedy: 'Store the whole file as the secret, with its first and last line.',
  },
  'passphrase-needed': {
    meaning: 'The private key is protected by a passphrase.',
    remedy: 'Give the passphrase, or use a key without one.',
  },
  'passphrase-wrong': {
    meaning: 'The passphrase does not open the private key.',
    remedy: 'Correct the secret.',
  },
  'no-shell': {
    meaning: 'The login works, but it runs no program of ours.',
    remedy: 'The login user needs a real shell, without a forced command.',
  },
  'timed-out': {
    meaning: 'A command on the server took longer than it may.',
    remedy: 'See what the server is busy with, then run the job again.',
  },
  cancelled: {
    meaning: 'The run was cancelled.',
    remedy: 'The message says what state the server is in. Run the job again when you want it.',
  },
  'forward-forbidden': {
    meaning: 'The SSH server allows no forwarding of ports.',
    remedy: 'Set AllowTcpForwarding for the login user, or install curl on the server.',
  },
  'forward-refused': {
    meaning: 'Nothing listens at the address that was asked for from the server.',
    remedy: 'Check that the port is published and on which address the service listens.',
  },
  'forward-unknown-name': {
    meaning: 'The server does not know the name that was asked for from there.',
    remedy: 'A service of a compose network is known by its name only within that network.',
  },
  'forward-failed': {
    meaning: 'A forwarded connection failed.',
    remedy: 'Run the job again; if it stays, look at the log of sshd.',
  },

  'path-not-usable': {
    meaning:
      'The application’s folder on the server is not one that can be used: it is missing, a link, somebody else’s, or open to others.',
    remedy: 'Make it a folder of the login user’s own, such as by `sudo install -d -o deploy /srv/app`.',
  },
  'server-not-writable': {
    meaning: 'A file could not be written on the server.',
    remedy: 'Look whether the disk is full or mounted read-only.',
  },
  'tool-missing': {
    meaning: 'The server lacks a program that is needed there.',
    remedy: 'Install what the message names.',
  },
  'upload-broken': {
    meaning: 'What was sent did not arrive whole. Nothing was changed.',
    remedy: 'Run the job again.',
  },
  'run-gone': {
    meaning: 'The run that was to be followed is not on the server any more.',
    remedy: 'Look at the server’s `.deploy/history.jsonl`, then run the job again.',
  },
  'run-not-started': {
    meaning: 'The program could not be started on the server.',
    remedy: 'The message has what it said; the load of the server may be the reason.',
  },
  'programs-are-ended': {
    meaning: 'The server ends programs when the connection of their user ends.',
    remedy: 'Let an administrator run `loginctl enable-linger` for the login user.',
  },
  'crontab-refused': {
    meaning: 'The server’s crontab cannot be read, or does not take the line of `resume-on-boot`.',
    remedy: 'Allow cron to the login user, or leave the input out.',
  },
  'lock-held': {
    meaning: 'Another run works on this application, or what a dead one has started there does.',
    remedy:
      'Wait for it, or raise `lock-timeout`. The message says what it waits for, and what ends that on the server.',
  },
  'newer-run': {
    meaning: 'A later run of the same workflow has succeeded already.',
    remedy: 'Deploy the newer commit again, or set `allow-older` to go back on purpose.',
  },
  interrupted: {
    meaning: 'The run on the server was cut off, as by a restart. The message says what it left.',
    remedy: 'Run the job again.',
  },
  'program-ended': {
    meaning: 'The program on the server ended without saying why.',
    remedy: 'Its last lines are in the log. Run the job again; if it stays, report it.',
  },
  'no-go': {
    meaning:
      'One of several servers waited for the others, and no word to go came. Nothing was changed there.',
    remedy: 'Look at the server that failed, then run the job again.',
  },
  'stopped-with-others': {
    meaning: 'Nothing was changed on this server, since another one failed or the runner was lost.',
    remedy: 'Look at the server that failed, then run the job again.',
  },
  'not-ready': {
    meaning:
      'preflight found something by which a deployment would fail, or that is not as the workflow asks.',
    remedy:
      'Each red line of its table in the job summary says what mends it. Name a check in `warn` where it should not end the job, or in `skip` to leave it out.',
  },

  'docker-missing': {
    meaning: 'Docker is not installed on the server.',
    remedy: 'Install Docker Engine and its Compose plugin.',
  },
  'docker-not-allowed': {
    meaning: 'The login user may not use Docker.',
    remedy:
      '`usermod -aG docker USER` on the server, which takes effect with the next login, or name an engine of its own by `docker-host`.',
  },
  'docker-unreachable': {
    meaning: 'The Docker engine does not answer.',
    remedy: '`systemctl start docker` on the server, or name a rootless engine by `docker-host`.',
  },
  'docker-failed': {
    meaning: 'A command of Docker failed.',
    remedy: 'The message says which; what it printed is in the log.',
  },
  'compose-missing': {
    meaning: 'Docker Compose v2 is not installed on the server.',
    remedy: 'Install the plugin: docker-compose-plugin, or docker-compose in Debian.',
  },
  'compose-too-old': {
    meaning: 'Docker Compose on the server is too old.',
    remedy: 'Update the plugin.',
  },

  'compose-invalid': {
    meaning: 'Compose cannot read the configuration.',
    remedy:
      'The annotation is at the line, and the message is Compose’s own. Try it where the file is: `docker compose config`.',
  },
  'not-for-swarm': {
    meaning:
      'A swarm would leave out or change what the Compose file says, such as `security_opt`, a port of 127.0.0.1, or data that is on one node. Nothing was changed.',
    remedy:
      'The annotation is at the first of them, and the log has all, each with what to write instead. [From one server to three](one-to-three.md#what-is-refused) has every key.',
  },
  'file-not-sent': {
    meaning:
      'The compose file reads a file (`env_file`, `include`, `extends`, `label_file`) that is neither sent nor on the server.',
    remedy:
      'Add it to `files`, or put it into `shared/` on the server where it holds secrets: the message says which.',
  },
  'variable-missing': {
    meaning: 'The compose file demands a value for a variable (`${X:?}`), and there is none.',
    remedy: 'Add it to `env`, or to the env file on the server.',
  },
  'env-file-missing': {
    meaning: 'The file that `env-file` names is not on the server.',
    remedy: 'Put it there, readable to the login user.',
  },
  'env-file-invalid': {
    meaning: 'A line of the server’s env file is not `KEY=value`.',
    remedy: 'Mend that line on the server.',
  },
  'env-file-unreadable': {
    meaning: 'The login user may not read the server’s env file.',
    remedy: 'Give it the right to read it.',
  },
  'image-unknown': {
    meaning: 'The registry has no such image.',
    remedy: 'Check that it was pushed, under this name.',
  },
  'registry-refused': {
    meaning: 'The registry does not let the server pull the image.',
    remedy:
      'Give `registry`, `registry-username` and `registry-password` with the right to read it. Registries say the same of an image that is not there.',
  },
  'registry-untrusted': {
    meaning:
      'Docker on the server does not trust the registry’s certificate, or the registry speaks no HTTPS.',
    remedy:
      'Put the certificate authority into `/etc/docker/certs.d/<registry>/ca.crt` on the server; look at the server’s clock.',
  },
  'pull-failed': {
    meaning: 'An image could not be pulled, or not in time.',
    remedy:
      'Look at the message of Docker: mostly the server does not reach the registry. Raise `pull-timeout` where it is only slow.',
  },
  'images-missing': {
    meaning: 'Images are not on the server, and `pull: never` says that none is fetched.',
    remedy: 'Load them there, or set `pull`.',
  },
  'image-gone': {
    meaning: 'An image of the release to go back to was removed from the server.',
    remedy: 'Deploy that version again: then it is pulled.',
  },
  'disk-full': {
    meaning:
      'A disk of the server is full, or would be: of bytes, or of inodes, which every file takes one of.',
    remedy:
      'Free some space: `docker system df` shows what takes it, and `df -i` whether it is the number of files (`min-free-inodes`).',
  },
  'write-failed': {
    meaning: 'The release could not be written to the application’s folder.',
    remedy: 'Look whether the disk is full and the folder is the login user’s.',
  },
  'foreign-containers': {
    meaning: 'The project has containers that this action did not start.',
    remedy: 'Set `adopt: true` to take the stack over, or choose another project.',
  },
  ...SWARM,
  'foreign-volumes': {
    meaning:
      'Volumes of the project are on the server, and no deployment from this folder made them: they may be another application’s.',
    remedy: 'Set `adopt: true` once if their data is this application’s, or choose another project.',
  },
  'project-elsewhere': {
    meaning: 'The project belongs to another folder of the server: two applications have one name.',
    remedy: 'Give each a name of its own with `project`, or another `name:` in its compose file.',
  },
  'engine-differs': {
    meaning:
      'What serves was deployed with the other `engine`: each would leave the other’s containers running.',
    remedy: 'Deploy to another `path` with another `project`, move the traffic, then take the old one down.',
  },
  'external-missing': {
    meaning: 'A network or volume that the compose file calls external is not on the server.',
    remedy:
      'Make it there: `docker network create NAME`, `docker volume create NAME`. Or leave `external: true` out.',
  },
  'stack-out-of-reach': {
    meaning:
      'The stack to be adopted was started in a folder that is gone, or that the login user may not enter.',
    remedy: 'The message says how to open the folder, or how to start the stack from another one.',
  },
  'stack-under-other-name': {
    meaning: 'Nothing of the project runs, but another stack on the server looks like this application.',
    remedy: 'Give that stack’s name as `project`, or leave `adopt` out for a new application.',
  },
  'stack-files-missing': {
    meaning: 'The stack to be adopted was started from more compose files than the deployment has.',
    remedy: 'Name them all in `compose-file`, in the order in which the stack had them.',
  },
  'network-order': {
    meaning: 'A shared service is on a network whose name sorts after the colours’ networks.',
    remedy: 'Rename that network: joining another one would move its default gateway and drop connections.',
  },
  'network-differs': {
    meaning:
      'A network that is there is not as it is wanted: one of a colour leads out of the server and the compose file says `internal`, or the other way round, since the file was changed; or one of this server alone has the name of a network of a swarm.',
    remedy:
      'Take down what is on it (the idle colour, or what Compose has left), remove it with `docker network rm`, and deploy again; it is made as the file says.',
  },
  'ports-taken': {
    meaning:
      'Another deployment took the ports of a colour meanwhile. Before this is told, others were tried several times.',
    remedy: 'Run the job again, or widen `port-range`.',
  },
  'ports-unclaimable': {
    meaning:
      'The folder in which the applications of a server set ports aside is not one that everybody may add to and nobody may take from others (mode 1777).',
    remedy: 'Make it anew, as root, with the command of the message.',
  },
  'hook-failed': {
    meaning: 'A command of yours failed or took too long, such as a migration.',
    remedy: 'Its output is in the log. Mend it and run the job again.',
  },
  'release-unhealthy': {
    meaning: 'The release did not become healthy. The message says what serves now.',
    remedy: 'States, health checks and last lines of the log are below the message.',
  },
  'restore-failed': {
    meaning: 'The release did not become healthy, and what was there before does not run either.',
    remedy: 'The site may be down: look at the containers on the server now.',
  },
  'schema-moved': {
    meaning:
      'The new release failed after its migrations had changed the schema, so the old one was not put back.',
    remedy: 'Deploy a release that fits the schema, or migrate down and roll back.',
  },
  'release-gone': {
    meaning: 'The release to go back to is not on the server any more.',
    remedy: 'See `list: true` for those that are.',
  },

  'service-not-running': {
    meaning: 'A service whose data is to be saved has no container that runs.',
    remedy: 'Start it, or correct its name in the input.',
  },
  'backup-failed': {
    meaning:
      'A tool that saves data failed. Nothing of that backup is kept, and earlier ones are as they were.',
    remedy: 'The message has the tool’s last line, and what it printed is below.',
  },
  'backup-unreadable': {
    meaning:
      'What was saved could not be read back, could not be loaded, or answers `verify-query` in another way: so it is not kept, or not brought back.',
    remedy: 'Look at the disk and the memory of the server, then run the job again.',
  },
  'backup-unknown': {
    meaning:
      'The backup that is to come back, or that a deployment names, is not there, or is not whole; or none was taken while the release served that rollback with `restore-backup: latest` goes back to.',
    remedy: 'backup with `list: true` shows which there are; rollback takes the id of one.',
  },
  'exchange-failed': {
    meaning:
      'The data of a backup were loaded, but could not take the place of those that are there. The message says which have.',
    remedy: 'Look who keeps the database busy, such as a prepared transaction or a replication slot.',
  },
  'repository-refused': {
    meaning:
      'The repository of restic that the inputs name is not there, does not take the password, or does not answer the server. Nothing was saved.',
    remedy:
      'Ask it on the server, by restic itself: restic snapshots. One that was never made is made by restic init.',
  },
  'backup-not-sent': {
    meaning:
      'The backup is whole on the server, and could not be sent to the repository, or not read back there. What the repository has of it was removed.',
    remedy:
      'The message has what restic says. Where that is a lock of somebody else who is gone, take it off by hand: restic unlock; one that a killed run of this server left is taken off by the next one. Then run it again, or send the folder by restic itself.',
  },

  ...TRAFFIC,
  ...IMAGES,
};
