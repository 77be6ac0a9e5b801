import { ENGINE_CONTAINERS } from '@deploy-actions/engine';
import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { AS_ROOT, HOST_PROCESSES, LOADED, SHARED } from '../shared.ts';

const LOOK = part(new URL('haproxy-look.sh', import.meta.url), { parameters: ['project', 'folder'] });

const MOVE = part(new URL('haproxy.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, SHARED, AS_ROOT],
  parameters: ['config_file', 'folder', 'project', 'socket'],
});

export const haproxy: Proxy = {
  kind: 'haproxy',
  title: 'HAProxy',
  mechanism: 'map',
  siteExample: '/etc/haproxy/haproxy.cfg',
  movePart: MOVE,
  sharePart: part(new URL('haproxy-share.sh', import.meta.url), { needs: [MOVE, LOOK] }),
  configurationPart: part(new URL('haproxy-configuration.sh', import.meta.url), {
    needs: [ENGINE_CONTAINERS, SHARED, AS_ROOT, HOST_PROCESSES],
    parameters: ['config_inside'],
  }),
  lookPart: LOOK,
  wholePart: part(new URL('haproxy-whole.sh', import.meta.url)),
  loadedPart: part(new URL('haproxy-loaded.sh', import.meta.url), { needs: [LOADED] }),
  // A process without a master ends at this signal, and the container with it; a restart is then what is left.
  reloadBy: (container) =>
    container === undefined ? 'sudo systemctl reload haproxy' : `docker kill -s USR2 ${container}`,
  preparationParts: [
    part(new URL('haproxy-preparation.sh', import.meta.url), {
      needs: [ENGINE_CONTAINERS, MOVE],
      parameters: ['first_share', 'login', 'login_group', 'socket_folder'],
    }),
  ],
  files: () => [],
  namesPart: part(new URL('haproxy-names.sh', import.meta.url), { needs: [ENGINE_CONTAINERS] }),
  follows: async () => (await import('./follows.ts')).followsInHaproxy,
  prepare: async () => (await import('./preparation.ts')).preparation,
};
