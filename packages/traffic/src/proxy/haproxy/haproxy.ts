import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';

export const haproxy: Proxy = {
  kind: 'haproxy',
  title: 'HAProxy',
  mechanism: 'map',
  errorLog: '',
  part: part(new URL('haproxy.sh', import.meta.url)),
  preparationParts: [part(new URL('haproxy-preparation.sh', import.meta.url))],
  files: () => [],
  prepare: async () => (await import('./preparation.ts')).preparation,
};
