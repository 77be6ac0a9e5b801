import { ENGINE_CONTAINERS } from '@deploy-actions/engine';
import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import {
  FLAG,
  FLAG_MOVE,
  FLAG_PREPARATION,
  FLAG_SHARE,
  HOST_PROCESSES,
  LOADED,
  SHARED,
  WITHIN,
} from '../shared.ts';

const TOLD = part(new URL('caddy-told.sh', import.meta.url), { needs: [WITHIN] });

export const caddy: Proxy = {
  kind: 'caddy',
  title: 'Caddy',
  mechanism: 'flag',
  siteExample: '/etc/caddy/Caddyfile',
  movePart: FLAG_MOVE,
  sharePart: FLAG_SHARE,
  configurationPart: part(new URL('caddy-configuration.sh', import.meta.url), {
    needs: [ENGINE_CONTAINERS, SHARED, HOST_PROCESSES],
    parameters: ['config_inside'],
  }),
  lookPart: part(new URL('caddy-look.sh', import.meta.url), { needs: [FLAG] }),
  wholePart: part(new URL('caddy-whole.sh', import.meta.url)),
  loadedPart: part(new URL('caddy-loaded.sh', import.meta.url), { needs: [LOADED, TOLD] }),
  reloadBy: (container) =>
    container === undefined
      ? 'sudo systemctl reload caddy'
      : `docker exec ${container} caddy reload --config /etc/caddy/Caddyfile`,
  preparationParts: [FLAG_PREPARATION, part(new URL('caddy-preparation.sh', import.meta.url))],
  files: () => [],
  namesPart: part(new URL('caddy-names.sh', import.meta.url), { needs: [ENGINE_CONTAINERS, TOLD] }),
  follows: async () => (await import('./follows.ts')).followsInCaddy,
  prepare: async () => (await import('./preparation.ts')).preparation,
};
