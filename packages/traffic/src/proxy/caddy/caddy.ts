import { part } from '@deploy-actions/host';
import type { Proxy } from '../proxy.ts';
import { AS_ROOT, FLAG, FLAG_PREPARATION, LOADED, SHARED } from '../shared.ts';

export const caddy: Proxy = {
  kind: 'caddy',
  title: 'Caddy',
  mechanism: 'flag',
  siteExample: '/etc/caddy/Caddyfile',
  part: part(new URL('caddy.sh', import.meta.url), {
    needs: [SHARED, AS_ROOT, FLAG],
    parameters: ['config_inside'],
  }),
  lookPart: part(new URL('caddy-look.sh', import.meta.url), { needs: [FLAG] }),
  loadedPart: part(new URL('caddy-loaded.sh', import.meta.url), { needs: [LOADED] }),
  reloadBy: (container) =>
    container === undefined
      ? 'sudo systemctl reload caddy'
      : `docker exec ${container} caddy reload --config /etc/caddy/Caddyfile`,
  preparationParts: [FLAG_PREPARATION, part(new URL('caddy-preparation.sh', import.meta.url))],
  files: () => [],
  prepare: async () => (await import('./preparation.ts')).preparation,
};
