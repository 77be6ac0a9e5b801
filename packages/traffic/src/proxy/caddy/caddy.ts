import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { FLAGS, SHARED } from '../shared.ts';

export const caddy: Proxy = {
  kind: 'caddy',
  title: 'Caddy',
  mechanism: 'flag',
  errorLog: '',
  part: part(new URL('caddy.sh', import.meta.url), { needs: [SHARED], parameters: ['config_inside'] }),
  preparationParts: [FLAGS, part(new URL('caddy-preparation.sh', import.meta.url))],
  files: () => [],
  prepare: async () => (await import('./preparation.ts')).preparation,
};
