import { ENGINE } from '@deploy-actions/engine';
import { part } from '@deploy-actions/host';

/** What all proxies share. */
export const SHARED = part(new URL('proxy.sh', import.meta.url), {
  needs: [ENGINE],
  parameters: ['proxy', 'proxy_container', 'folder', 'share_names'],
});

/** What `install` and `uninstall` do for a proxy that goes by flags. */
export const FLAGS = part(new URL('flags.sh', import.meta.url), {
  needs: [SHARED],
  parameters: ['canary_log', 'first_share', 'login', 'login_group'],
});
