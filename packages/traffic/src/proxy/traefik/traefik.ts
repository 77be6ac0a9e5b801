import { part } from '@deploy-actions/host';
import { ANSWERS } from '../../program/answers.ts';
import type { Proxy } from '../proxy.ts';
import { shareFiles } from './share-file.ts';

export const traefik: Proxy = {
  kind: 'traefik',
  title: 'Traefik',
  mechanism: 'file',
  errorLog: '',
  part: part(new URL('traefik.sh', import.meta.url), {
    // Only its answers tell that it has taken a share.
    needs: [ANSWERS],
    parameters: ['config_file', 'watched'],
  }),
  preparationParts: [
    part(new URL('traefik-preparation.sh', import.meta.url), {
      parameters: ['first_share', 'fresh', 'login', 'login_group', 'verify_seconds'],
    }),
  ],
  files: shareFiles,
  prepare: async () => (await import('./preparation.ts')).preparation,
};
