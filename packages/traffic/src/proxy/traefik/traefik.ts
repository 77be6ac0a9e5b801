import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { shareFiles } from './share-file.ts';

export const traefik: Proxy = {
  kind: 'traefik',
  title: 'Traefik',
  mechanism: 'file',
  errorLog: '',
  part: part(new URL('traefik.sh', import.meta.url)),
  preparationParts: [part(new URL('traefik-preparation.sh', import.meta.url))],
  files: shareFiles,
  prepare: async () => (await import('./preparation.ts')).preparation,
};
