import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { SHARED } from '../shared.ts';

export const haproxy: Proxy = {
  kind: 'haproxy',
  title: 'HAProxy',
  mechanism: 'map',
  errorLog: '',
  part: part(new URL('haproxy.sh', import.meta.url), {
    needs: [SHARED],
    parameters: ['config_file', 'config_inside', 'socket'],
  }),
  preparationParts: [
    part(new URL('haproxy-preparation.sh', import.meta.url), {
      parameters: ['first_share', 'login', 'login_group', 'socket_folder'],
    }),
  ],
  files: () => [],
  prepare: async () => (await import('./preparation.ts')).preparation,
};
