import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { AS_ROOT, LOADED, SHARED } from '../shared.ts';

const LOOK = part(new URL('haproxy-look.sh', import.meta.url), { parameters: ['project', 'folder'] });

export const haproxy: Proxy = {
  kind: 'haproxy',
  title: 'HAProxy',
  mechanism: 'map',
  siteExample: '/etc/haproxy/haproxy.cfg',
  part: part(new URL('haproxy.sh', import.meta.url), {
    needs: [SHARED, AS_ROOT, LOOK],
    parameters: ['config_file', 'config_inside', 'socket'],
  }),
  lookPart: LOOK,
  loadedPart: part(new URL('haproxy-loaded.sh', import.meta.url), { needs: [LOADED] }),
  // A process without a master ends at this signal, and the container with it; a restart is then what is left.
  reloadBy: (container) =>
    container === undefined ? 'sudo systemctl reload haproxy' : `docker kill -s USR2 ${container}`,
  preparationParts: [
    part(new URL('haproxy-preparation.sh', import.meta.url), {
      parameters: ['first_share', 'login', 'login_group', 'socket_folder'],
    }),
  ],
  files: () => [],
  prepare: async () => (await import('./preparation.ts')).preparation,
};
