import { part } from '@deploy-actions/host';
import { ANSWERS } from '../../program/answers.ts';
import type { Proxy } from '../proxy.ts';
import { LOADED } from '../shared.ts';
import { shareFiles } from './share-file.ts';

const LOOK = part(new URL('traefik-look.sh', import.meta.url), { parameters: ['project'] });

const MOVE = part(new URL('traefik.sh', import.meta.url), {
  // Only its answers tell that it has taken a share.
  needs: [ANSWERS],
  parameters: ['project', 'watched'],
});

export const traefik: Proxy = {
  kind: 'traefik',
  title: 'Traefik',
  mechanism: 'file',
  siteExample: '/etc/traefik/dynamic/shop.yml',
  movePart: MOVE,
  sharePart: part(new URL('traefik-share.sh', import.meta.url), { needs: [LOOK], parameters: ['watched'] }),
  configurationPart: part(new URL('traefik-configuration.sh', import.meta.url), {
    parameters: ['config_file', 'project', 'watched'],
  }),
  lookPart: LOOK,
  wholePart: part(new URL('traefik-whole.sh', import.meta.url)),
  loadedPart: part(new URL('traefik-loaded.sh', import.meta.url), { needs: [LOADED] }),
  reloadBy: (container) =>
    container === undefined ? 'sudo systemctl restart traefik' : `docker restart ${container}`,
  preparationParts: [
    part(new URL('traefik-preparation.sh', import.meta.url), {
      needs: [MOVE],
      parameters: ['first_share', 'fresh', 'login', 'login_group', 'verify_seconds'],
    }),
  ],
  namesPart: part(new URL('traefik-names.sh', import.meta.url)),
  files: shareFiles,
  prepare: async () => (await import('./preparation.ts')).preparation,
};
