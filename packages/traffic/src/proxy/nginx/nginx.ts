import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { FLAGS, SHARED } from '../shared.ts';

export const nginx: Proxy = {
  kind: 'nginx',
  title: 'nginx',
  mechanism: 'flag',
  errorLog: '/var/log/nginx/error.log',
  part: part(new URL('nginx.sh', import.meta.url), { needs: [SHARED] }),
  preparationParts: [FLAGS, part(new URL('nginx-preparation.sh', import.meta.url))],
  files: () => [],
  prepare: async () => (await import('./preparation.ts')).preparation,
};
