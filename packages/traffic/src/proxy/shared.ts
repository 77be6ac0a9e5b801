import { ENGINE_CONTAINERS } from '@deploy-actions/engine';
import { PROCESSES, part } from '@deploy-actions/host';

export const AS_ROOT = part(new URL('as-root.sh', import.meta.url));

/** The processes of proxies on the host itself. */
export const HOST_PROCESSES = part(new URL('host-processes.sh', import.meta.url));

/** What all proxies share. */
export const SHARED = part(new URL('proxy.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
  parameters: ['proxy_container'],
});

/** Which containers are proxies. */
export const FOUND = part(new URL('found.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
  parameters: ['proxy_kinds'],
});

/** Calls what each proxy defines under a name of its own. */
export const OF_PROXY = part(new URL('of-proxy.sh', import.meta.url), { parameters: ['proxy_kinds'] });

/** The share as the name of a file. */
export const FLAG = part(new URL('flag.sh', import.meta.url), { parameters: ['folder', 'share_names'] });

/** How traffic moves by a flag, which needs nothing of the proxy itself. */
export const FLAG_MOVE = part(new URL('flag-move.sh', import.meta.url), { needs: [FLAG] });

/** The share that a flag says. */
export const FLAG_SHARE = part(new URL('flag-share.sh', import.meta.url), { needs: [FLAG] });

/** What `install` and `uninstall` do for a proxy that goes by flags. */
export const FLAG_PREPARATION = part(new URL('flag-preparation.sh', import.meta.url), {
  needs: [SHARED, FLAG, FLAG_SHARE],
  parameters: ['canary_log', 'first_share', 'login', 'login_group'],
});

/** What is known of a process by its number, and how a command is run where it runs. */
export const WITHIN = part(new URL('within.sh', import.meta.url), { needs: [ENGINE_CONTAINERS] });

/** What the proxies that run have loaded, beside what stands on disk. */
export const LOADED = part(new URL('loaded.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, PROCESSES, FOUND, HOST_PROCESSES, OF_PROXY, WITHIN],
});
