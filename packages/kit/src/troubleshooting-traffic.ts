import type { Explanation } from './explanation.ts';

/** Failures of colours, traffic and proxies. */
export const TRAFFIC = {
  'record-unreadable': {
    meaning:
      'The record of the traffic on the server cannot be read, so that nobody knows which colour is live.',
    remedy: 'Run blue-green-switch with `to` as the colour that has the traffic: it writes the record anew.',
  },
  'canary-on': {
    meaning: 'A canary is on: traffic goes to both colours.',
    remedy: 'End it with blue-green-switch first.',
  },
  'color-is-live': {
    meaning: 'The colour that was to be changed has the traffic.',
    remedy: 'Use the other one; `color: auto` chooses it.',
  },
  'color-changed': {
    meaning: 'Another run deployed to that colour meanwhile. No traffic was moved.',
    remedy: 'Run the job again: it decides by what is there now.',
  },
  'release-changed': {
    meaning: 'Another run changed what serves while this rollback waited for it. Nothing was changed.',
    remedy: 'Run the job again: it decides by what serves now.',
  },
  'color-unwell': {
    meaning: 'The colour that should get the traffic is not healthy.',
    remedy: 'Look at its containers, or deploy it again.',
  },
  'color-answers-wrong': {
    meaning: 'The colour does not answer as it should through the proxy.',
    remedy: 'The message has the status and the colour that were seen.',
  },
  'confirmation-pending': {
    meaning: 'A switch waits to be confirmed; until then the other colour is needed for the way back.',
    remedy: 'Confirm it with blue-green-switch, or wait until its time is over.',
  },
  'confirmation-late': {
    meaning: 'The confirmation came after its time.',
    remedy: 'The message says where the traffic is. Switch again.',
  },
  'nothing-to-confirm': {
    meaning: 'No switch waits to be confirmed.',
    remedy: 'It was confirmed before, or its time ran out and the traffic went back.',
  },
  'gate-failed': {
    meaning: 'The canary did not pass a gate. All traffic is back on the old colour.',
    remedy: 'The report has the figures; look at the logs of the new colour.',
  },
  'share-not-taken': {
    meaning: 'The proxy did not take the change. The message says where the traffic is.',
    remedy: 'Look at the log of the proxy, and at the disk of the server.',
  },
  'live-only-failed': {
    meaning: 'A service that runs only where the traffic is could not be stopped. The traffic stays.',
    remedy: 'Look at that container on the server.',
  },
  'proxy-not-prepared': {
    meaning: 'The proxy on this server was not prepared for this project.',
    remedy: 'Run blue-green-switch once with `install: true`.',
  },
  'proxy-outside': {
    meaning: 'The colours run in a swarm, and the proxy on the node itself, where their names lead nowhere.',
    remedy:
      'Run the proxy in a container of its own on each node, on the network of the Compose file. [To blue-green, in a swarm](blue-green.md#in-a-swarm).',
  },
  'proxy-config-invalid': {
    meaning: 'The proxy would not start with its configuration.',
    remedy: 'Mend it before traffic is moved: the next restart of the proxy would take the site down.',
  },
  'proxy-config-not-loaded': {
    meaning: 'The proxy does not run the configuration that was installed.',
    remedy: 'The message says what was found to be the cause. Else run the action with `install: true`.',
  },
  'proxy-not-reloaded': {
    meaning: 'The proxy could not be reloaded. Its file is as it was.',
    remedy: 'The message has what it said.',
  },
  'proxy-unhealthy': {
    meaning: 'The managed proxy does not stay up.',
    remedy: 'Its last lines are in the message; its ports may be taken.',
  },
  'config-unreadable': {
    meaning: 'The proxy’s configuration cannot be read by the login user.',
    remedy: 'Give it the right to read the file.',
  },
  'config-changed': {
    meaning: 'The proxy’s configuration was changed by somebody else meanwhile.',
    remedy: 'Run the job again.',
  },
  'flags-unreadable': {
    meaning: 'The proxy cannot see the files by which it chooses a colour.',
    remedy: 'Every folder above them needs mode 0755, and a container needs the whole folder as a mount.',
  },
  'folder-not-usable': {
    meaning: 'The folder for the files by which the proxy chooses is not fit for that.',
    remedy: 'The message says why, and what an administrator can run.',
  },
  'watched-folder-unread': {
    meaning: 'The proxy does not take up what is put into the folder that it watches.',
    remedy: 'It must watch that folder, and no file in it may be broken: its log says which is.',
  },
  'root-needed': {
    meaning: 'A step of the installation needs root, and the login user may not use sudo without a password.',
    remedy: 'Let an administrator run the commands that the message shows, then run the action again.',
  },
  'command-refused': {
    meaning: 'A command that was run as root failed.',
    remedy: 'The message has what it said.',
  },
  'group-shared': {
    meaning:
      'Others are in the login user’s group, and would be able to tell the proxy what to do. Nothing was changed.',
    remedy: 'Give the login user a group of its own, or install `setfacl` (package `acl`).',
  },
  'traffic-elsewhere': {
    meaning: 'Without our parts the proxy’s file would lead to the colour that has no traffic.',
    remedy: 'Move the traffic to the colour whose address the file names, then run `uninstall` again.',
  },
  'site-unwell': {
    meaning: 'The site does not answer as it must for our parts to be taken out. They are in place.',
    remedy: 'Look at what the file leads to without them.',
  },
} satisfies Record<string, Explanation>;
