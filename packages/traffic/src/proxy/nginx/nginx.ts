import { ENGINE_CONTAINERS } from '@deploy-actions/engine';
import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { AS_ROOT, FLAG, FLAG_MOVE, FLAG_PREPARATION, FLAG_SHARE, LOADED, SHARED } from '../shared.ts';

const WHOLE = part(new URL('nginx-whole.sh', import.meta.url), { needs: [ENGINE_CONTAINERS, AS_ROOT] });

export const nginx: Proxy = {
  kind: 'nginx',
  title: 'nginx',
  mechanism: 'flag',
  siteExample: '/etc/nginx/sites-available/shop',
  movePart: FLAG_MOVE,
  sharePart: FLAG_SHARE,
  configurationPart: part(new URL('nginx-configuration.sh', import.meta.url), { needs: [SHARED, AS_ROOT] }),
  lookPart: part(new URL('nginx-look.sh', import.meta.url), { needs: [FLAG] }),
  wholePart: WHOLE,
  loadedPart: part(new URL('nginx-loaded.sh', import.meta.url), {
    needs: [ENGINE_CONTAINERS, LOADED],
  }),
  reloadBy: (container, file) => {
    const by = container === undefined ? 'sudo' : `docker exec ${container}`;
    const named = file === undefined ? '' : ` -c ${file}`;
    return `${by} nginx${named} -t && ${by} nginx${named} -s reload`;
  },
  preparationParts: [
    FLAG_PREPARATION,
    part(new URL('nginx-preparation.sh', import.meta.url), { needs: [ENGINE_CONTAINERS] }),
  ],
  files: () => [],
  namesPart: part(new URL('nginx-names.sh', import.meta.url), { needs: [WHOLE] }),
  follows: async () => (await import('./follows.ts')).followsInNginx,
  prepare: async () => (await import('./preparation.ts')).preparation,
};
